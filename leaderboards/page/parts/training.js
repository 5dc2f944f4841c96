// Trainings over one another: small charts on one axis of steps, the examined accuracy first.

const CURVE_HEIGHT = 130;

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
  byId("trainings").replaceChildren(
    ...data.trained.map(([name, numbers], n) =>
      h(
        "label",
        { class: "check" },
        h("input", { type: "checkbox", name: "training", value: n, checked: true }),
        swatch(n),
        numbers.length > 1 ? `${name} (${numbers.length} seeds)` : name,
      ),
    ),
  );
}

/** The line of a training as the charts draw it. */
function swatch(n) {
  const { color, dash } = lineOf(n);
  const drawn = h("span", { class: "swatch", "aria-hidden": "true" });
  const [on, off] = dash;
  drawn.style.background =
    off === 0 ? color : `repeating-linear-gradient(90deg, ${color} 0 ${on + 1}px, transparent ${on + 1}px ${on + off + 1}px)`;
  return drawn;
}

function drawTraining() {
  const shown = [...byId("trainings").querySelectorAll("input:checked")].map((box) => Number(box.value));
  const column = byId("training-suite").value === "" ? null : Number(byId("training-suite").value);
  const last = Math.max(1, ...shown.flatMap((n) => data.trained[n][1].map((one) => data.trainings[one].steps.at(-1) ?? 0)));
  const figures = [
    column === null ? null : examinedChart(shown, column, last),
    ...Object.keys(MEASURES).map((measure) => measureChart(shown, measure, last)),
  ];
  setCharts("training-charts", figures.filter(Boolean));
}

const stepAxis = (last) => ({
  field: "step",
  type: "quantitative",
  title: "step",
  scale: { domain: [0, last], nice: false },
  axis: { grid: false, tickCount: 5, format: "~s" },
});

/** Colour, dashes and shapes by training, in the order of the page, without a legend of their own. */
function byTraining(shown, channel, key) {
  const names = shown.map((n) => data.trained[n][0]);
  return { [channel]: { field: "training", type: "nominal", scale: { domain: names, range: shown.map((n) => lineOf(n)[key]) }, legend: null } };
}

function measureChart(shown, measure, last) {
  const curves = shown.map((n) => [n, curveOf(data.trained[n][1], measure)]).filter(([, points]) => points.length);
  if (!curves.length) return null;
  const { title, unit } = MEASURES[measure];
  const values = curves.flatMap(([n, points]) => points.map((one) => ({ ...one, training: data.trained[n][0] })));
  const y = (field) => ({ field, type: "quantitative", title: unit || null, scale: { zero: false, nice: true }, axis: { tickCount: 4 } });
  const banded = curves.some(([n]) => data.trained[n][1].length > 1);
  const spec = {
    data: { values },
    height: CURVE_HEIGHT,
    tall: CURVE_HEIGHT + 50,
    layer: [
      ...(banded
        ? [
            {
              mark: { type: "area", opacity: 0.18 },
              encoding: { x: stepAxis(last), y: y("low"), y2: { field: "high" }, ...byTraining(shown, "color", "color") },
            },
          ]
        : []),
      {
        mark: { type: "line", strokeWidth: 2, clip: true },
        encoding: {
          x: stepAxis(last),
          y: y("value"),
          ...byTraining(shown, "color", "color"),
          ...byTraining(shown, "strokeDash", "dash"),
        },
      },
    ],
  };
  const told = curves.map(([n, points]) => `${data.trained[n][0]} ends at ${short(points.at(-1).value)}`).join("; ");
  return chart(title, spec, `By step${unit ? `, in ${unit}` : ""}. ${told}.`, [
    ["Step", ...curves.map(([n]) => data.trained[n][0])],
    rowsBySteps(curves.map(([, points]) => points)),
  ]);
}

/** Four digits. */
const short = (value) => String(Number(value.toPrecision(4)));

function rowsBySteps(curves) {
  const steps = [...new Set(curves.flatMap((points) => points.map((one) => one.step)))].sort((a, b) => a - b);
  const at = curves.map((points) => new Map(points.map((one) => [one.step, one])));
  return steps.map((step) => [
    count(step),
    ...at.map((found) => {
      const one = found.get(step);
      if (!one) return "";
      return one.low === one.high ? short(one.value) : `${short(one.value)} (${short(one.low)} to ${short(one.high)})`;
    }),
  ]);
}

/** The examined accuracy of the checkpoints with their intervals; before the first step, that of the baseline. */
function examinedChart(shown, column, last) {
  const first = runAt(baselineRow(), column)?.judged[board.protocol]?.score ?? null;
  const start = first && {
    step: 0,
    value: 100 * first.value,
    low: 100 * first.low,
    high: 100 * first.high,
    name: data.models[baselineRow()],
  };
  const curves = shown.map((n) => [n, examinedOf(data.trained[n][1], column)]).filter(([, points]) => points.length);
  if (!curves.length) return null;
  const values = curves.flatMap(([n, points]) =>
    [...(start ? [start] : []), ...points].map((one) => ({
      ...one,
      training: data.trained[n][0],
      tip: `${one.name}, step ${one.step}: ${one.value.toFixed(1)}, 95% ${one.low.toFixed(1)} to ${one.high.toFixed(1)}`,
    })),
  );
  const y = (field) => ({ field, type: "quantitative", title: "percent right", scale: { zero: false, nice: true }, axis: { tickCount: 5 } });
  const encoding = (field) => ({ x: stepAxis(last), y: y(field), ...byTraining(shown, "color", "color") });
  const spec = {
    data: { values },
    height: CURVE_HEIGHT,
    tall: CURVE_HEIGHT + 50,
    layer: [
      {
        mark: { type: "line", strokeWidth: 2 },
        encoding: { ...encoding("value"), ...byTraining(shown, "strokeDash", "dash") },
      },
      { mark: { type: "rule", strokeWidth: 1.5, opacity: 0.7 }, encoding: { ...encoding("low"), y2: { field: "high" } } },
      {
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { ...encoding("value"), ...byTraining(shown, "shape", "shape"), tooltip: { field: "tip" } },
      },
    ],
  };
  const told = values.map((one) => one.tip).join("; ");
  return chart(`Examined on ${data.columns[column].label}`, spec, `Percent right with 95% intervals. ${told}.`, [
    ["Step", ...curves.map(([n]) => data.trained[n][0])],
    rowsBySteps(curves.map(([, points]) => (start ? [start, ...points] : points))),
  ]);
}
