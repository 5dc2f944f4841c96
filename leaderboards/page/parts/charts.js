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

/** Names for an axis, each its own: wrapped to lines, never cut at the front, a long one at its end. */
function wrappedNames(names) {
  const wide = window.innerWidth < 640 ? 17 : 30;
  const found = names.map((name) => lines(name, wide));
  const taken = new Map();
  for (const name of found) taken.set(name, (taken.get(name) ?? 0) + 1);
  return found.map((name, n) => (taken.get(name) > 1 ? `${n + 1}: ${name}` : name));
}

const MOST_LINES = 3;

/** A name in lines of at most so many characters, broken after a mark where one is near. */
function lines(name, wide) {
  const found = [];
  let rest = name;
  while (rest.length > wide && found.length < MOST_LINES - 1) {
    const near = [...rest.slice(0, wide).matchAll(/[/_\- ,]/g)].at(-1)?.index ?? -1;
    const at = near >= wide / 2 ? near + 1 : wide;
    found.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...found, rest.length > wide ? `${rest.slice(0, wide - 1)}…` : rest].join("\n");
}

/** Pixels of a row whose names have so many lines at most. */
const rowHeight = (names) => STEP + 15 * (Math.max(...names.map((name) => name.split("\n").length)) - 1);

const nominalRows = (field) => ({
  field,
  type: "nominal",
  sort: null,
  title: null,
  axis: { labelExpr: "split(datum.label, '\\n')", labelLineHeight: 14, labelLimit: 0 },
});

const interval = (low, high, digits = 1) =>
  low <= 0 && high >= 1 ? "–" : `${percent(low, digits)} to ${percent(high, digits)}`;
const changeInterval = ({ low, high, clusters }) =>
  low <= -1 && high >= 1 ? `– (${counted(clusters, "cluster")})` : `${signed(low)} to ${signed(high)}`;
const TALL = 15; // rows, of which the scale stands at the top

const quantitative = (field, title, domain, rows = 0) => ({
  field,
  type: "quantitative",
  title,
  axis: rows > TALL ? { orient: "top" } : {},
  scale: { domain, nice: false, zero: false },
});
