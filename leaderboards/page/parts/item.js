// One item: what was asked, the gold answer, and the answers of one run, or of two side by side.

let itemShown = 0; // counts what was asked for, so that a slow answer does not overwrite a later one

async function showItem(run, at) {
  const turn = ++itemShown;
  const partner = partnerOf(run, browser.filters.other);
  const sides = [run, ...(partner && partner !== run ? [partner] : [])];
  const number = Math.floor(at / run.samples);
  const [questions, ...responses] = await Promise.all([
    questionsOf(run),
    ...sides.map((side) => responsesAt(side, number * side.samples, (number + 1) * side.samples)),
  ]);
  if (turn !== itemShown) return;
  const question = questions[number];
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
  const alt = `Picture ${part.name} of item ${question.id}`;
  const image = () => h("img", { src: `data:image/webp;base64,${base64}`, width: known[0], height: known[1], alt });
  const button = h("button", { type: "button", class: "zoom", title: "larger" }, image());
  button.addEventListener("click", () => {
    byId("zoomed").replaceChildren(image());
    byId("zoom").showModal();
  });
  return button;
}

/** A text; where its middle was left out, with a note in its place. What was `read` is marked. */
function longText(text, kind, read = null) {
  const [head, omitted, tail] = Array.isArray(text) ? text : [text, 0, ""];
  const asWritten = browser.filters.raw !== "";
  const note = omitted
    ? [h("span", { class: "omitted" }, ` [${count(omitted)} characters left out here; the run has them] `)]
    : [];
  if (asWritten) {
    const state = { mark: markOfRead(omitted ? tail : head, read) };
    const none = { mark: null };
    const parts = omitted ? [...marked(head, 0, none), ...note, ...marked(tail, 0, state)] : marked(head, 0, state);
    return h("pre", { class: kind, tabindex: "0" }, parts);
  }
  const parts = omitted ? [...richText(head), ...note, ...richText(tail, read)] : richText(head, read);
  return h("div", { class: `${kind} rich`, tabindex: "0" }, parts);
}

/** A short text on one line, with its formulas. */
const richLine = (text) =>
  browser.filters.raw ? text : inline(text, 0, { mark: null, until: performance.now() + MATH_PAUSE });

function golden(question) {
  const facts = [
    ["Gold answer", question.gold === "" ? "none" : richLine(question.gold)],
    ["Type", question.type],
    ["Unit", question.unit],
    ...question.choices.map((text, n) => [`Option ${String.fromCharCode(65 + n)}`, richLine(text)]),
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
  const mark = markOf(run, at, browser.filters.protocol);
  const [columns, n] = responses(at);
  const tokens = columns.tokens[n];
  const told = [
    run.samples > 1 ? `sample ${sample + 1} of ${run.samples}` : null,
    tokens === null ? null : counted(tokens, "token"),
    columns.prompt_tokens?.[n] ? `prompt of ${count(columns.prompt_tokens[n])}` : null,
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
      verdicts(run, at, columns, n),
    ),
    columns.errors[n] !== null
      ? longText(`The engine failed: ${columns.errors[n]}`, "response")
      : columns.texts[n] === null
        ? h("p", { class: "absent" }, "Not answered yet.")
        : answerText(run, columns, n),
  );
}

/** The thinking that was kept apart, folded, and the response with what was read in it. */
function answerText(run, columns, n) {
  const protocol = run.judged[browser.filters.protocol] ? browser.filters.protocol : run.own;
  const read = columns.verdicts[protocol].read[n];
  const thought = columns.reasoning?.[n] ?? null;
  return h(
    "div",
    {},
    thought === null
      ? null
      : h(
          "details",
          { class: "thinking" },
          h("summary", {}, `Thinking, ${counted(wholeText(thought).length, "character")}`),
          longText(thought, "response"),
        ),
    longText(columns.texts[n], "response", read),
  );
}

function verdicts(run, at, columns, n) {
  return simpleTable(
    "How it was judged",
    ["Protocol", "Verdict", "Reads", "Why"],
    Object.entries(run.judged).map(([name, judged]) => {
      const its = columns.verdicts[name],
        read = its.read[n];
      return [
        name,
        STATES[state(judged.marks[at])],
        read === null ? h("i", {}, "nothing") : h("code", {}, read),
        its.reason[n] === null ? "" : `${its.reason[n]} (${its.rule[n]})`,
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
