// The leaderboard: models by suites, with intervals and paired differences; sorted by any column.

const board = { protocol: "", baseline: 0, column: null, descending: true };

function startBoard() {
  board.protocol = data.protocols[0];
  board.baseline = data.baselines[0];
  setOptions(
    byId("protocol"),
    data.protocols.map((name) => [name, name]),
    board.protocol,
  );
  setOptions(
    byId("baseline"),
    data.baselines.map((row) => [row, data.models[row]]),
    board.baseline,
  );
  byId("board-controls").addEventListener("change", () => {
    board.protocol = byId("protocol").value;
    board.baseline = Number(byId("baseline").value);
    drawResults();
  });
  const total = data.runs.reduce((sum, run) => sum + answered(run), 0);
  byId("summary").textContent = [
    counted(data.models.length, "model"),
    counted(data.columns.length, "suite"),
    counted(data.runs.length, "run"),
    counted(total, "answer"),
  ].join(", ");
}

/** How many of a run's questions have an answer. */
const answered = (run) => run.judged[run.own].marks.reduce((total, mark) => total + (state(mark) < FAILED), 0);

/** A name that may be broken after its slashes. */
const breakable = (name) => name.split(/(?<=\/)/).flatMap((part, n) => (n ? [h("wbr"), part] : [part]));

const cellOf = (model, column) => runAt(model, column)?.judged[board.protocol] ?? null;
const scoreOf = (model, column) => cellOf(model, column)?.score ?? null;

function sortedModels() {
  const rows = data.models.map((_, row) => row);
  if (board.column === null) {
    return rows.sort((a, b) => (b === board.baseline) - (a === board.baseline) || a - b);
  }
  const way = board.descending ? -1 : 1;
  if (board.column === "model") return rows.sort((a, b) => way * (a - b));
  const value = (row) => scoreOf(row, board.column)?.value;
  return rows.sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined) || a - b;
    return way * (left - right) || a - b;
  });
}

function drawBoard() {
  const head = h(
    "tr",
    {},
    sortHeader("model", "Model", ""),
    data.columns.map((column, n) => sortHeader(n, column.label, counted(column.items, "item"))),
  );
  const body = sortedModels().map((row) =>
    h(
      "tr",
      { class: row === board.baseline ? "baseline" : null },
      h(
        "th",
        { scope: "row" },
        breakable(data.models[row]),
        row === board.baseline ? h("span", { class: "tag" }, "baseline") : null,
      ),
      data.columns.map((_, column) => boardCell(row, column)),
    ),
  );
  const caption = h(
    "caption",
    { class: "unseen" },
    `Percent right by model and suite, judged by ${board.protocol}, with the paired difference to ` +
      data.models[board.baseline],
  );
  byId("board-box").replaceChildren(
    h("table", { class: "board" }, caption, h("thead", {}, head), h("tbody", {}, body)),
  );
  byId("board-note").textContent =
    "Percent right ± standard error, its 95% interval as a bar from 0 to 100, and the paired " +
    `difference to ${data.models[board.baseline]} in points. * p < 0.05, ** p < 0.01, *** p < 0.001, two-sided, ` +
    "each by itself: " +
    "of twenty comparisons without any effect one is expected to be marked.";
}

function sortHeader(column, label, detail) {
  const chosen = board.column === column;
  const button = h(
    "button",
    { type: "button" },
    h("span", {}, label),
    h("span", { class: "arrow", "aria-hidden": "true" }, chosen ? (board.descending ? "▼" : "▲") : "↕"),
  );
  button.addEventListener("click", () => {
    board.descending = chosen ? !board.descending : column !== "model";
    board.column = column;
    drawBoard();
    byId("board-box").querySelectorAll("thead button")[column === "model" ? 0 : column + 1].focus();
  });
  return h(
    "th",
    { scope: "col", "aria-sort": chosen ? (board.descending ? "descending" : "ascending") : "none" },
    button,
    h("span", { class: "detail" }, detail),
  );
}

function boardCell(row, column) {
  const run = runAt(row, column);
  if (run === null)
    return h(
      "td",
      { class: "empty" },
      h("span", { "aria-hidden": "true" }, "–"),
      h("span", { class: "unseen" }, "not examined"),
    );
  const judged = cellOf(row, column);
  if (judged === null) return h("td", { class: "empty" }, "not judged so");
  const link = { href: answersLink({ suite: run.suite, model: run.name, protocol: board.protocol }) };
  if (judged.score === null) return h("td", { class: "empty" }, h("a", link, lacking(judged)));
  const { value, stderr, low, high } = judged.score;
  return h(
    "td",
    {},
    h(
      "a",
      { ...link, class: "score", title: `95% interval ${interval(low, high)}` },
      percent(value),
      h("span", { class: "error" }, ` ± ${stderr === null ? "?" : percent(stderr)}`),
    ),
    intervalBar(judged.score),
    row === board.baseline ? null : changeText(row, column),
  );
}

function lacking(judged) {
  const parts = [
    [judged.missing, "missing"],
    [judged.unscored, "without a verdict"],
  ].filter(([number]) => number);
  return judged.status === "complete" ? "undefined" : `incomplete: ${parts.map((part) => part.join(" ")).join(", ")}`;
}

function intervalBar({ value, low, high }) {
  const span = h("span", { class: "span" }),
    dot = h("span", { class: "dot" });
  span.style.left = `${100 * low}%`;
  span.style.width = `${100 * (high - low)}%`;
  dot.style.left = `${100 * value}%`;
  return h("span", { class: "bar", "aria-hidden": "true" }, span, dot);
}

function changeText(row, column) {
  const change = differenceOf(row, board.baseline, column, board.protocol);
  if (change === null) return h("span", { class: "change" }, "no pair");
  const kind = change.p < 0.05 ? "change sure" : "change";
  const told =
    `95% interval ${changeInterval(change)}, ${probability(change.p)}, ` +
    `${change.gained} gained, ${change.lost} lost`;
  return h(
    "span",
    { class: kind, title: told },
    `${signed(change.value)}${stars(change.p)}`,
    h("span", { class: "unseen" }, ` (${told})`),
  );
}

function drawRuns() {
  const headers = [
    "Model",
    "Suite",
    "Status",
    "Score",
    "Right",
    "Nothing stated",
    "Cut off",
    "Errors",
    "No verdict",
    "Facts",
  ];
  const shown = data.runs
    .filter((run) => run.judged[board.protocol])
    .sort((a, b) => a.model - b.model || a.column - b.column);
  const rows = shown
    .map((run) => [run, run.judged[board.protocol]])
    .map(([run, judged]) => [
      breakable(run.name),
      run.suite,
      (judged.score === null ? lacking(judged) : judged.status) + (judged.crossed ? `, ${judged.crossed}` : ""),
      judged.score === null ? "" : percent(judged.score.value),
      judged.score === null ? "" : `${judged.score.correct} of ${judged.score.total}`,
      ...["unparsed", "truncated", "errors", "unscored"].map((name) => count(judged[name])),
      h(
        "details",
        {},
        h("summary", {}, run.id),
        h(
          "dl",
          {},
          run.facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
        ),
      ),
    ]);
  byId("runs-box").replaceChildren(
    simpleTable(`Every run, judged by ${board.protocol}`, headers, rows, (column) => column > 2 && column < 9),
  );
}
