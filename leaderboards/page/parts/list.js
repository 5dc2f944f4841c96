// The list of answers: only the rows in view exist. A listbox whose active option is the chosen row.

const ROW = 56; // pixels, as in the style sheet
const SPARE = 6; // rows beyond both edges
const list = { runs: [], places: [], chosen: -1, questions: [], onChoose: () => {} };

function startList(onChoose) {
  list.onChoose = onChoose;
  const box = byId("list");
  box.append(h("div", { class: "filler", role: "presentation" }));
  box.addEventListener("scroll", drawRows, { passive: true });
  box.addEventListener("click", (event) => {
    const row = event.target.closest("[role=option]");
    if (row) choose(Number(row.dataset.row), true);
  });
  box.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      move(steps[event.key]);
    }
  });
  new ResizeObserver(drawRows).observe(box);
}

/** Shows rows, and keeps `last` (a [run, place]) chosen if it is among them. */
async function setRows(runs, places, last) {
  const sets = new Set(runs.map((index) => data.runs[index].questions));
  const questions = [];
  for (const number of sets) questions[number] = await unpacked(`questions-${number}`);
  const chosen = last === null ? -1 : runs.findIndex((index, n) => index === last[0] && places[n] === last[1]);
  Object.assign(list, { runs, places, questions, chosen });
  const box = byId("list");
  box.hidden = runs.length === 0;
  box.firstElementChild.style.height = `${runs.length * ROW}px`;
  if (chosen >= 0) intoView(chosen);
  else box.scrollTop = 0;
  drawRows();
}

function drawRows() {
  const box = byId("list"),
    filler = box.firstElementChild;
  const first = Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
  const last = Math.min(list.runs.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + SPARE);
  const rows = [];
  for (let n = first; n < last; n++) rows.push(rowElement(n));
  filler.replaceChildren(...rows);
  if (list.chosen >= first && list.chosen < last) box.setAttribute("aria-activedescendant", `row-${list.chosen}`);
  else box.removeAttribute("aria-activedescendant");
}

function rowElement(n) {
  const run = data.runs[list.runs[n]],
    at = list.places[n];
  const question = list.questions[run.questions][Math.floor(at / run.samples)];
  const sample = run.samples > 1 ? `, sample ${(at % run.samples) + 1}` : "";
  const mark = markOf(run, at, browser.filters.protocol);
  const row = h(
    "div",
    {
      role: "option",
      id: `row-${n}`,
      "data-row": n,
      "aria-selected": String(n === list.chosen),
      "aria-posinset": n + 1,
      "aria-setsize": list.runs.length,
    },
    verdictMark(mark),
    h(
      "span",
      { class: "words" },
      h("span", { class: "ask" }, h("b", {}, question.id), " ", wholeText(question.question).slice(0, 160)),
      h(
        "span",
        { class: "whose" },
        `${run.suite} · ${run.name}${sample}`,
        mark & TRUNCATED ? " · cut off" : "",
        mark & UNPARSED ? " · nothing stated" : "",
      ),
    ),
    otherMark(run, at),
  );
  row.style.top = `${n * ROW}px`;
  return row;
}

/** A verdict as a shape with its word for those who do not see it. */
function verdictMark(mark) {
  const name = STATES[state(mark)];
  return h(
    "span",
    { class: `mark ${name.replace(" ", "-")}` },
    h("span", { "aria-hidden": "true" }, SYMBOLS[state(mark)]),
    h("span", { class: "unseen" }, `${name}, `),
  );
}

/** The verdict on the other model's answer, where one is chosen and has one. */
function otherMark(run, at) {
  const partner = partnerOf(run, browser.filters.other);
  if (partner === null || partner === run) return null;
  const there = partnerPlace(run, at, partner);
  return there === null
    ? null
    : h(
        "span",
        { class: "beside" },
        h("span", { class: "unseen" }, "the other is "),
        verdictMark(markOf(partner, there, browser.filters.protocol)),
      );
}

function intoView(n) {
  const box = byId("list"),
    top = n * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
}

function choose(n, byHand = false) {
  list.chosen = n;
  intoView(n);
  drawRows();
  list.onChoose(list.runs[n], list.places[n], byHand);
}

function move(by) {
  if (!list.runs.length) return;
  choose(
    Math.max(
      0,
      Math.min(list.runs.length - 1, list.chosen < 0 ? (by > 0 && by < Infinity ? 0 : by) : list.chosen + by),
    ),
  );
}
