// Scores by suite, and paired differences, as charts.

function drawScores() {
  drawByColumn("scores-charts", scoreChart);
}

// A chart for each column that is shown and has something to draw.
function drawByColumn(id, chartOf) {
  setCharts(
    id,
    shownColumns()
      .map((n) => chartOf(data.columns[n], n))
      .filter(Boolean),
  );
}

/** The scale of rows that have an interval each: it holds them all, and the numbers `also`, to the next `step`. */
const scaleOf =
  (values, title, [step, least, most], also = []) =>
  (field) =>
    quantitative(
      field,
      title,
      around(
        values.flatMap((one) => [one.low, one.high, ...also]),
        step,
        least,
        most,
      ),
      values.length,
    );

/** A row with an interval for each value, one layer behind them, the others in front. */
function intervalRows(values, step, x, behind, front) {
  const y = nominalRows("model");
  const rule = {
    mark: { type: "rule", strokeWidth: 2, color: "var(--accent)", opacity: 0.55 },
    encoding: { x: x("low"), x2: { field: "high" }, y },
  };
  const height = step * values.length;
  return { data: { values }, height, tall: height + 42, layer: [behind, rule, ...front(y)] };
}

function scoreChart(column, n) {
  const found = sortedEntries()
    .map((entry) => ({ entry, score: scoreOf(entry, n) }))
    .filter((one) => one.score !== null);
  if (!found.length) return null;
  const names = wrappedNames(found.map(({ entry }) => data.entries[entry].name)),
    step = rowHeight(names);
  const values = found.map(({ entry, score }, at) => ({
    model: names[at],
    value: 100 * score.value,
    low: 100 * score.low,
    high: 100 * score.high,
    base: isBaseline(entry),
    tip: `${data.entries[entry].name}: ${percent(score.value)}, 95% ${interval(score.low, score.high)}`,
  }));
  const x = scaleOf(values, "percent right", [10, 0, 100]);
  const base = {
    transform: [{ filter: "datum.base" }],
    mark: { type: "rule", strokeDash: [3, 4], color: "var(--muted)" },
    encoding: { x: x("value") },
  };
  const spec = intervalRows(values, step, x, base, (y) => [
    {
      mark: { type: "point", filled: true, opacity: 1, size: 70, color: "var(--accent)" },
      encoding: {
        x: x("value"),
        y,
        shape: { condition: { test: "datum.base", value: "diamond" }, value: "circle" },
        tooltip: { field: "tip" },
      },
    },
  ]);
  return chart(column.label, spec, `Percent right with 95% intervals. ${values.map((one) => one.tip).join("; ")}.`, [
    ["Model", "Percent right", "95% interval", "Right", "Answers"],
    found.map(({ entry, score }) => [
      data.entries[entry].name,
      percent(score.value),
      interval(score.low, score.high),
      count(score.right),
      count(score.total),
    ]),
  ]);
}

function drawDifferences() {
  const base = board.baseline === "own" ? "the one that its training began with" : data.entries[Number(board.baseline)].name;
  byId("differences-note").textContent =
    `Every model minus ${base}, item by item, in points, with 95% intervals. Filled marks and ` +
    "stars: p < 0.05 after Holm's adjustment. An interval of paired answers is narrower than the two intervals of the scores suggest.";
  drawByColumn("differences-charts", differenceChart);
}

function differenceChart(column, n) {
  const found = sortedEntries()
    .map((entry) => changeOf(entry, n))
    .filter(Boolean);
  if (!found.length) return null;
  const names = wrappedNames(found.map((one) => data.entries[one.after].name)),
    step = rowHeight(names);
  const values = found.map((one, at) => ({
    model: names[at],
    value: 100 * one.value,
    low: 100 * one.low,
    high: 100 * one.high,
    sure: one.adjusted < 0.05,
    stars: stars(one.adjusted),
    tip:
      `${data.entries[one.after].name}: ${signed(one.value)}, ` +
      `95% ${changeInterval(one)}, ${probability(one.adjusted)}`,
  }));
  const x = scaleOf(values, "points", [5, -100, 100], [0, 1]);
  const zero = {
    data: { values: [{ zero: 0 }] },
    mark: { type: "rule", color: "var(--muted)" },
    encoding: { x: x("zero") },
  };
  const spec = intervalRows(values, step, x, zero, (y) => [
    {
      mark: { type: "point", size: 70, opacity: 1, stroke: "var(--accent)", strokeWidth: 2 },
      encoding: {
        x: x("value"),
        y,
        fill: { condition: { test: "datum.sure", value: "var(--accent)" }, value: "var(--paper)" },
        tooltip: { field: "tip" },
      },
    },
    {
      mark: { type: "text", align: "left", dx: 5, dy: 1, color: "var(--ink)" },
      encoding: { x: x("high"), y, text: { field: "stars" } },
    },
  ]);
  return chart(
    column.label,
    spec,
    `Paired differences in points. ${values.map((one) => one.tip).join("; ")}.`,
    [
      ["Model", "Points", "95% interval", "p", "p (Holm)", "Gained", "Lost"],
      found.map((one) => [
        data.entries[one.after].name,
        signed(one.value) + stars(one.adjusted),
        changeInterval(one),
        one.p.toPrecision(2),
        one.adjusted.toPrecision(2),
        count(one.gained),
        count(one.lost),
      ]),
    ],
  );
}
