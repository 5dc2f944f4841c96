// Every run with its counts, and the facts that identify it.

function drawRuns() {
  const headers = ["Model", "Suite", "Status", "Score", "Right", "Nothing stated", "Cut off", "Errors", "No verdict", "Facts"];
  const shown = data.runs
    .filter((run) => run.judged[board.protocol])
    .sort((a, b) => a.model - b.model || a.column - b.column);
  const rows = shown
    .map((run) => [run, run.judged[board.protocol]])
    .map(([run, judged]) => [
      h("span", { "data-model": run.name }, breakable(run.name)),
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

/** Opens the facts of a model's runs, and brings them into view. */
function openRuns(query) {
  const model = new URLSearchParams(query).get("model");
  const names = [...byId("runs-box").querySelectorAll("[data-model]")].filter((one) => one.dataset.model === model);
  for (const name of names) name.closest("tr").querySelector("details").open = true;
  byId("runs").scrollIntoView();
  if (names.length) byId("runs-box").scrollTop = names[0].closest("tr").offsetTop - 40;
}
