// Training curves, with the examined checkpoints on them.

const SMOOTHED = 9; // steps
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
];
const LINES = ["var(--accent)", "var(--second)", "var(--third)"];

function startTraining() {
  if (!data.trainings.length) return;
  byId("training").hidden = byId("training-link").hidden = false;
  const examined = data.columns
    .map((column, n) => [n, column.label])
    .filter(([n]) => data.checkpoints.some(([, , row]) => runAt(row, n)));
  const largest = examined.reduce(
    (best, [n]) => (best === null || data.columns[n].items > data.columns[best].items ? n : best),
    null,
  );
  setOptions(byId("training-suite"), examined.length ? examined : [["", "none"]], largest ?? "");
  byId("training-controls").addEventListener("change", drawTraining);
}

function drawTraining() {
  const chosen = byId("training-suite").value;
  setCharts(
    "training-charts",
    data.trainings.map((training, n) => trainingChart(training, n, chosen === "" ? null : Number(chosen))),
  );
}

/** Means over a window of steps, shorter at both ends. */
function smooth(values) {
  const half = (SMOOTHED - 1) / 2;
  return values.map((_, n) => {
    const near = values.slice(Math.max(0, n - half), n + half + 1).filter((value) => value !== null);
    return near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : null;
  });
}

function trainingChart(training, n, column) {
  const lines = Object.entries(training.series).flatMap(([series, raw]) =>
    smooth(raw)
      .map((value, at) => ({ series, step: training.steps[at], value }))
      .filter((one) => one.value !== null),
  );
  const points =
    column === null
      ? []
      : data.checkpoints
          .filter(([of]) => of === n)
          .map(([, step, row]) => ({ step, row, score: scoreOf(row, column) }))
          .filter((one) => one.score !== null)
          .map(({ step, row, score }) => ({
            step,
            value: 100 * score.value,
            low: 100 * score.low,
            high: 100 * score.high,
            model: data.models[row],
            tip: `${data.models[row]}: ${percent(score.value)}, 95% ${interval(score.low, score.high)}`,
          }));
  const base = column === null ? null : scoreOf(board.baseline, column);
  const names = Object.keys(training.series);
  const x = {
    field: "step",
    type: "quantitative",
    title: "step",
    scale: { nice: false, zero: false },
    axis: { grid: false },
  };
  const y = (field) => quantitative(field, "percent", [0, 100]);
  const scale = (range) => ({ domain: names, range: names.map((_, at) => range[at]) });
  const spec = {
    height: 280,
    tall: 350,
    layer: [
      {
        data: { values: lines.map((one) => ({ ...one, value: 100 * one.value })) },
        mark: { type: "line", strokeWidth: 2 },
        encoding: {
          x,
          y: y("value"),
          color: { field: "series", type: "nominal", scale: scale(LINES) },
          strokeDash: { field: "series", type: "nominal", scale: scale(DASHES) },
        },
      },
      ...(base === null
        ? []
        : [
            {
              data: { values: [{ value: 100 * base.value }] },
              encoding: { y: y("value") },
              layer: [
                { mark: { type: "rule", strokeDash: [3, 4], color: "var(--muted)" } },
                {
                  mark: {
                    type: "text",
                    align: "left",
                    baseline: "bottom",
                    dx: 4,
                    dy: -3,
                    x: 0,
                    color: "var(--muted)",
                    text: `${shortNames([data.models[board.baseline]])[0]}, examined`,
                  },
                },
              ],
            },
          ]),
      {
        data: { values: points },
        mark: { type: "rule", strokeWidth: 2, color: "var(--ink)" },
        encoding: { x, y: y("low"), y2: { field: "high" } },
      },
      {
        data: { values: points },
        mark: { type: "point", shape: "diamond", filled: true, size: 110, opacity: 1, color: "var(--ink)" },
        encoding: { x, y: y("value"), tooltip: { field: "tip" } },
      },
    ],
  };
  const ends = names.map(
    (name) => `${name} ${percent(training.series[name].findLast((value) => value !== null) ?? 0)}`,
  );
  const examined = points.map((one) => `step ${one.step}, ${one.tip}`).join("; ");
  const told =
    `At the last step: ${ends.join(", ")}.` +
    (points.length ? ` Checkpoints on ${data.columns[column].label}: ${examined}.` : "");
  const rows = [
    ...training.steps.map((step, at) => [
      count(step),
      ...names.map((name) => (training.series[name][at] === null ? "" : percent(training.series[name][at]))),
      "",
    ]),
    ...points.map((one) => [
      count(one.step),
      ...names.map(() => ""),
      `${one.value.toFixed(1)} (${one.low.toFixed(1)} to ${one.high.toFixed(1)})`,
    ]),
  ];
  const title = training.name + (training.stride > 1 ? ` (every ${training.stride}th step)` : "");
  return chart(title, spec, told, [
    ["Step", ...names, column === null ? "Examined" : `Examined: ${data.columns[column].label}`],
    rows,
  ]);
}
