// Every run with its counts, and the facts that identify it.

const COUNTS = [
  ["Nothing stated", "unparsed"],
  ["Cut off", "truncated"],
  ["Errors", "errors"],
  ["No verdict", "unscored"],
];

/** Every run; a count that is zero for all of them has no column. */
function drawRuns() {
  const shown = data.runs
    .filter((run) => run.judged[board.protocol])
    .sort((a, b) => a.model - b.model || a.column - b.column);
  const counts = COUNTS.filter(([, name]) => shown.some((run) => run.judged[board.protocol][name] > 0));
  const headers = ["Model", "Suite", "Status", "Score", "Right", ...counts.map(([header]) => header)];
  const rows = shown
    .map((run) => [run, run.judged[board.protocol]])
    .map(([run, judged]) => [
      h("button", { type: "button", class: "opener", "aria-expanded": "false", "data-model": run.name }, breakable(run.name)),
      run.suite,
      (judged.score === null ? lacking(judged) : judged.status) + (judged.crossed ? `, ${judged.crossed}` : ""),
      judged.score === null ? "" : percent(judged.score.value),
      judged.score === null ? "" : `${judged.score.correct} of ${judged.score.total}`,
      ...counts.map(([, name]) => (judged[name] ? count(judged[name]) : "")),
    ]);
  const table = simpleTable(`Every run, judged by ${board.protocol}`, headers, rows, (column) => column > 2);
  [...table.tBodies[0].rows].forEach((row, n) => addFacts(row, shown[n], headers.length));
  byId("runs-box").replaceChildren(table);
}

/** A row behind a run's with the facts that identify it, opened by the button in the run's. */
function addFacts(row, run, columns) {
  const facts = [["run", run.id], ...run.facts].flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  const told = h("tr", { class: "facts", hidden: true }, h("td", { colspan: columns }, h("dl", {}, facts)));
  row.after(told);
  const opener = row.querySelector("button");
  opener.addEventListener("click", () => {
    told.hidden = !told.hidden;
    opener.setAttribute("aria-expanded", String(!told.hidden));
  });
}

/** Opens the facts of a model's runs, and brings them into view. */
function openRuns(query) {
  const model = new URLSearchParams(query).get("model");
  const names = [...byId("runs-box").querySelectorAll("[data-model]")].filter((one) => one.dataset.model === model);
  for (const name of names) if (name.getAttribute("aria-expanded") === "false") name.click();
  byId("runs").scrollIntoView();
  if (names.length) byId("runs-box").scrollTop = names[0].closest("tr").offsetTop - 40;
}
