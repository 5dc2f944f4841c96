// One item: what was asked, the gold answer, and the answers of one run, or of two side by side.

let itemShown = 0; // counts what was asked for, so that a slow answer does not overwrite a later one

async function showItem(run, at) {
  const turn = ++itemShown;
  const partner = partnerOf(run, browser.filters.other);
  const sides = [run, ...(partner && partner !== run ? [partner] : [])];
  const [questions, ...responses] = await Promise.all([questionsOf(run), ...sides.map(responsesOf)]);
  if (turn !== itemShown) return;
  const number = Math.floor(at / run.samples),
    question = questions[number];
  byId("item").replaceChildren(
    itemHead(run, question),
    h("div", { class: "asked" }, asked(question), golden(question)),
    h(
      "div",
      { class: sides.length > 1 ? "sides two" : "sides" },
      sides.map((side, n) => answersOf(side, number, n === 0 ? at % run.samples : 0, responses[n])),
    ),
    everyModel(run, number),
  );
}

function showNoItem() {
  itemShown++;
  byId("item").replaceChildren(
    h("h2", { id: "item-title" }, "No answer chosen"),
    h("p", { class: "note" }, "Choose one in the list to see its question, its picture, and how it was judged."),
  );
}

function itemHead(run, question) {
  const mover = (by, label) => {
    const button = h("button", { type: "button" }, label);
    button.addEventListener("click", () => move(by));
    return button;
  };
  return h(
    "div",
    { class: "item-head" },
    h("h2", { id: "item-title" }, h("span", { class: "of" }, run.suite), " ", question.id),
    h("div", { class: "moves" }, mover(-1, "Previous"), mover(1, "Next")),
  );
}

function asked(question) {
  const parts = question.parts.map((part) =>
    typeof part === "object" && "picture" in part ? picture(part, question) : longText(part, "prompt"),
  );
  return h(
    "section",
    { class: "question", "aria-labelledby": "question-title" },
    h("h3", { id: "question-title" }, "Question, as it was put"),
    question.system === null
      ? null
      : h("details", {}, h("summary", {}, "System text"), longText(question.system, "prompt")),
    parts,
  );
}

function picture(part, question) {
  const known = data.pictures[part.picture];
  if (typeof known === "string") return h("p", { class: "absent" }, h("b", {}, part.name), ` ${known}`);
  const base64 = byId(`picture-${part.picture}`).textContent;
  return h("img", {
    src: `data:image/webp;base64,${base64}`,
    width: known[0],
    height: known[1],
    alt: `Picture ${part.name} of item ${question.id}`,
  });
}

/** A text as it is; where its middle was left out, with a note in its place. */
function longText(text, kind) {
  if (!Array.isArray(text)) return h("pre", { class: kind, tabindex: "0" }, text);
  const [head, omitted, tail] = text;
  return h(
    "pre",
    { class: kind, tabindex: "0" },
    head,
    h("span", { class: "omitted" }, ` [${count(omitted)} characters left out here; the run has them] `),
    tail,
  );
}

function golden(question) {
  const facts = [
    ["Gold answer", question.gold === "" ? "none" : question.gold],
    ["Type", question.type],
    ["Unit", question.unit],
    ...question.choices.map((text, n) => [`Option ${String.fromCharCode(65 + n)}`, text]),
    ...question.labels,
  ];
  return h(
    "section",
    { class: "gold", "aria-labelledby": "gold-title" },
    h("h3", { id: "gold-title" }, "Gold answer and labels"),
    h(
      "dl",
      {},
      facts.filter(([, value]) => value !== null).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
  );
}

/** All samples of a run for an item; the chosen one first and open. */
function answersOf(run, number, chosen, responses) {
  const samples = [chosen, ...Array.from({ length: run.samples }, (_, n) => n).filter((n) => n !== chosen)];
  return h(
    "section",
    { class: "answers", "aria-label": `Answers of ${run.name}` },
    h("h3", {}, run.name),
    samples.map((sample, n) =>
      n === 0 ? answer(run, number, sample, responses) : otherSample(run, number, sample, responses),
    ),
  );
}

function otherSample(run, number, sample, responses) {
  const at = number * run.samples + sample;
  return h(
    "details",
    {},
    h("summary", {}, verdictMark(markOf(run, at, browser.filters.protocol)), ` sample ${sample + 1}`),
    answer(run, number, sample, responses),
  );
}

function answer(run, number, sample, responses) {
  const at = number * run.samples + sample;
  const mark = markOf(run, at, browser.filters.protocol),
    tokens = responses.tokens[at];
  const told = [
    run.samples > 1 ? `sample ${sample + 1} of ${run.samples}` : null,
    tokens === null ? null : counted(tokens, "token"),
    mark & TRUNCATED ? "cut off at the token limit" : null,
    mark & UNPARSED ? "no answer stated" : null,
  ].filter(Boolean);
  return h(
    "article",
    { class: "answer" },
    h(
      "p",
      { class: "verdict" },
      verdictMark(mark),
      h("b", { "aria-hidden": "true" }, STATES[state(mark)]),
      h("span", { class: "told" }, told.join(" · ")),
    ),
    h(
      "div",
      { class: "box", tabindex: "0", role: "group", "aria-label": `Verdicts on ${run.name}, sample ${sample + 1}` },
      verdicts(run, at, responses),
    ),
    responses.errors[at] !== null
      ? longText(`The engine failed: ${responses.errors[at]}`, "response")
      : responses.texts[at] === null
        ? h("p", { class: "absent" }, "Not answered yet.")
        : longText(responses.texts[at], "response"),
  );
}

function verdicts(run, at, responses) {
  return simpleTable(
    "How it was judged",
    ["Protocol", "Verdict", "Reads", "Why"],
    Object.entries(run.judged).map(([name, judged]) => {
      const columns = responses.verdicts[name],
        read = columns.read[at];
      return [
        name,
        STATES[state(judged.marks[at])],
        read === null ? h("i", {}, "nothing") : h("code", {}, read),
        columns.reason[at] === null ? "" : `${columns.reason[at]} (${columns.rule[at]})`,
      ];
    }),
    () => false,
  );
}

/** Every model's verdicts on the item, each a link to its answer. */
function everyModel(run, number) {
  const its = data.runs.filter((one) => one.column === run.column).sort((a, b) => a.model - b.model);
  const rows = its.map((one) => [
    h("a", { href: answersLink({ ...browser.filters, model: "", run: one.id, at: number * one.samples }) }, one.name),
    h(
      "span",
      { class: "marks" },
      Array.from({ length: one.samples }, (_, sample) =>
        verdictMark(markOf(one, number * one.samples + sample, browser.filters.protocol)),
      ),
    ),
  ]);
  return h(
    "section",
    { class: "every", "aria-labelledby": "every-title" },
    h("h3", { id: "every-title" }, "Every model on this item"),
    h(
      "div",
      { class: "box", tabindex: "0", role: "group", "aria-label": "Table of verdicts" },
      simpleTable("Verdicts by model", ["Model", "Verdicts"], rows, () => false),
    ),
  );
}
