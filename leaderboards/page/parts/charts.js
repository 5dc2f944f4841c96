// Charts by Vega-Lite: drawn when they come into view, with a description and a table of the same numbers.

const CONFIG = {
  background: null,
  font: "system-ui, sans-serif",
  padding: 4,
  view: { stroke: null },
  axis: {
    labelColor: "var(--muted)",
    titleColor: "var(--muted)",
    gridColor: "var(--line)",
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    tickCount: 6,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 400,
    labelLimit: 240,
  },
  axisYDiscrete: { grid: false, ticks: false, domain: false, labelPadding: 8, labelColor: "var(--ink)" },
  legend: {
    orient: "top",
    labelColor: "var(--ink)",
    labelFontSize: 12,
    title: null,
    labelLimit: 220,
    symbolStrokeWidth: 2,
  },
};

const STEP = 24; // pixels of a row

const drawing = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) entry.target.draw?.();
  },
  { rootMargin: "300px" },
);

/** A figure whose chart is drawn once it is near the window. `table` is [headers, rows] of the same numbers. */
function chart(title, spec, description, table) {
  const canvas = h("div", { class: "canvas", "aria-hidden": "true" }); // Vega gives it a role of its own
  const { tall, ...whole } = spec;
  canvas.style.minHeight = `${tall}px`;
  canvas.draw = () => {
    drawing.unobserve(canvas);
    canvas.draw = null;
    canvas.drawn = window.vegaEmbed(
      canvas,
      { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: "container", config: CONFIG, ...whole },
      { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: showTip },
    );
    canvas.drawn.catch((error) => {
      canvas.textContent = `This chart cannot be drawn: ${error.message}`;
    });
  };
  drawing.observe(canvas);
  return h(
    "figure",
    {},
    h("figcaption", {}, title),
    h("div", { role: "img", "aria-label": `${title}. ${description}` }, canvas),
    h(
      "details",
      { class: "numbers" },
      h("summary", {}, "Numbers"),
      h(
        "div",
        { class: "box", tabindex: "0", role: "group", "aria-label": `Numbers of ${title}` },
        simpleTable(title, ...table),
      ),
    ),
  );
}

/** Replaces the charts of a section, and lets go of the old ones. */
function setCharts(id, figures) {
  const holder = byId(id);
  for (const canvas of holder.querySelectorAll(".canvas")) {
    drawing.unobserve(canvas);
    canvas.drawn?.then(
      (result) => result.finalize(),
      () => {},
    );
  }
  holder.replaceChildren(...(figures.length ? figures : [h("p", { class: "note" }, "There is nothing to show here.")]));
}

/** Draws all that is not drawn yet, for the printer. */
function drawAll() {
  for (const canvas of document.querySelectorAll(".canvas")) canvas.draw?.();
}

function showTip(handler, event, item, value) {
  const tip = byId("tip");
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  tip.textContent = String(value);
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8))}px`;
}

/** A domain around all values, to the next ten. */
function around(values, step, least, most) {
  return [
    Math.max(least, Math.floor(Math.min(...values) / step) * step),
    Math.min(most, Math.ceil(Math.max(...values) / step) * step),
  ];
}

/** Names short enough for an axis, each its own: their ends, by which checkpoints differ, or else both ends. */
function shortNames(names) {
  const most = window.innerWidth < 640 ? 19 : 31;
  const cuts = [
    (name) => `…${name.slice(1 - most)}`,
    (name) => `${name.slice(0, most / 2)}…${name.slice(1 - most / 2)}`,
  ];
  for (const cut of cuts) {
    const found = names.map((name) => (name.length <= most ? name : cut(name)));
    if (new Set(found).size === names.length) return found;
  }
  return names.map((name, n) => `${n + 1}: ${name.slice(0, most - 4)}`);
}

const interval = (low, high, digits = 1) =>
  low <= 0 && high >= 1 ? "–" : `${percent(low, digits)} to ${percent(high, digits)}`;
const changeInterval = ({ low, high, clusters }) =>
  low <= -1 && high >= 1 ? `– (${counted(clusters, "cluster")})` : `${signed(low)} to ${signed(high)}`;
const quantitative = (field, title, domain) => ({
  field,
  type: "quantitative",
  title,
  scale: { domain, nice: false, zero: false },
});

function drawScores() {
  setCharts("scores-charts", data.columns.map((column, n) => scoreChart(column, n)).filter(Boolean));
}

function scoreChart(column, n) {
  const found = sortedModels()
    .map((row) => ({ row, score: scoreOf(row, n) }))
    .filter((one) => one.score !== null);
  if (!found.length) return null;
  const names = shortNames(found.map(({ row }) => data.models[row]));
  const values = found.map(({ row, score }, at) => ({
    model: names[at],
    value: 100 * score.value,
    low: 100 * score.low,
    high: 100 * score.high,
    base: row === board.baseline,
    tip: `${data.models[row]}: ${percent(score.value)}, 95% ${interval(score.low, score.high)}`,
  }));
  const x = (field) =>
    quantitative(
      field,
      "percent right",
      around(
        values.flatMap((one) => [one.low, one.high]),
        10,
        0,
        100,
      ),
    );
  const y = { field: "model", type: "nominal", sort: null, title: null };
  const spec = {
    data: { values },
    height: STEP * values.length,
    tall: STEP * values.length + 42,
    layer: [
      {
        transform: [{ filter: "datum.base" }],
        mark: { type: "rule", strokeDash: [3, 4], color: "var(--muted)" },
        encoding: { x: x("value") },
      },
      {
        mark: { type: "rule", strokeWidth: 2, color: "var(--accent)", opacity: 0.55 },
        encoding: { x: x("low"), x2: { field: "high" }, y },
      },
      {
        mark: { type: "point", filled: true, opacity: 1, size: 70, color: "var(--accent)" },
        encoding: {
          x: x("value"),
          y,
          shape: { condition: { test: "datum.base", value: "diamond" }, value: "circle" },
          tooltip: { field: "tip" },
        },
      },
    ],
  };
  return chart(column.label, spec, `Percent right with 95% intervals. ${values.map((one) => one.tip).join("; ")}.`, [
    ["Model", "Percent right", "95% interval", "Right", "Answers"],
    found.map(({ row, score }) => [
      data.models[row],
      percent(score.value),
      interval(score.low, score.high),
      count(score.correct),
      count(score.total),
    ]),
  ]);
}

function drawDifferences() {
  const base = data.models[board.baseline];
  byId("differences-note").textContent =
    `Every model minus ${base}, item by item, in points, with 95% intervals. Filled marks and ` +
    "stars: p < 0.05. An interval of paired answers is narrower than the two intervals of the scores suggest.";
  setCharts("differences-charts", data.columns.map((column, n) => differenceChart(column, n)).filter(Boolean));
}

function differenceChart(column, n) {
  const found = sortedModels()
    .map((row) => differenceOf(row, board.baseline, n, board.protocol))
    .filter(Boolean);
  if (!found.length) return null;
  const names = shortNames(found.map((one) => data.models[one.after]));
  const values = found.map((one, at) => ({
    model: names[at],
    value: 100 * one.value,
    low: 100 * one.low,
    high: 100 * one.high,
    sure: one.p < 0.05,
    stars: stars(one.p),
    tip:
      `${data.models[one.after]}: ${signed(one.value)}, ` +
      `95% ${changeInterval(one)}, ${probability(one.p)}`,
  }));
  const x = (field) =>
    quantitative(
      field,
      "points",
      around(
        values.flatMap((one) => [one.low, one.high, 0, 1]),
        5,
        -100,
        100,
      ),
    );
  const y = { field: "model", type: "nominal", sort: null, title: null };
  const spec = {
    data: { values },
    height: STEP * values.length,
    tall: STEP * values.length + 42,
    layer: [
      { data: { values: [{ zero: 0 }] }, mark: { type: "rule", color: "var(--muted)" }, encoding: { x: x("zero") } },
      {
        mark: { type: "rule", strokeWidth: 2, color: "var(--accent)", opacity: 0.55 },
        encoding: { x: x("low"), x2: { field: "high" }, y },
      },
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
    ],
  };
  return chart(
    column.label,
    spec,
    `Paired differences to ${data.models[board.baseline]} in points. ${values.map((one) => one.tip).join("; ")}.`,
    [
      ["Model", "Points", "95% interval", "p", "Gained", "Lost"],
      found.map((one) => [
        data.models[one.after],
        signed(one.value) + stars(one.p),
        changeInterval(one),
        one.p.toPrecision(2),
        count(one.gained),
        count(one.lost),
      ]),
    ],
  );
}
