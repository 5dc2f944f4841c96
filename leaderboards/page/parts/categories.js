// Metrics by category, of one model or of two side by side.

function startCategories() {
  const largest = data.columns.reduce((most, column, n) => (column.items > data.columns[most].items ? n : most), 0);
  setOptions(
    byId("category-suite"),
    data.columns.map((column, n) => [n, column.label]),
    largest,
  );
  const base = baselineRow();
  const other = sortedEntries()
    .map((entry) => data.entries[entry].rows[0])
    .find((row) => row !== base && runAt(row, largest));
  setOptions(
    byId("category-model"),
    data.models.map((name, row) => [row, name]),
    base,
  );
  setOptions(byId("category-other"), [["", "no other"], ...data.models.map((name, row) => [row, name])], other ?? "");
  byId("category-controls").addEventListener("change", drawCategories);
}

/** The row of the model that others are compared with: the first one, if that differs. */
const baselineRow = () => data.entries[Math.max(0, data.entries.findIndex((_, entry) => isBaseline(entry)))].rows[0];

function drawCategories() {
  const column = Number(byId("category-suite").value);
  const shown = [...new Set([byId("category-model").value, byId("category-other").value])]
    .filter((row) => row !== "")
    .map(Number);
  const metrics = (row) => runAt(row, column)?.judged[board.protocol]?.metrics ?? [];
  const dimensions = [...new Set(shown.flatMap((row) => metrics(row).map((one) => one.by)))];
  const named = dimensions.filter(Boolean);
  const offered = [...named, ...(dimensions.includes("") ? [""] : [])];
  setOptions(
    byId("category-by"),
    offered.map((by) => [by, by || "whole suite"]),
  );
  const chosen = byId("category-by").value;
  const found = shown.flatMap((row) =>
    metrics(row)
      .filter((one) => one.by === chosen)
      .map((one) => ({ row, one })),
  );
  setCharts("categories-charts", found.length ? [categoryChart(data.columns[column], chosen, shown, found)] : []);
}

function categoryChart(column, by, shown, found) {
  const names = shown.map((row) => data.models[row]),
    two = names.length > 1;
  const values = found.map(({ row, one }) => ({
    model: names[shown.indexOf(row)],
    category: one.category || one.name,
    value: 100 * one.value,
    low: 100 * one.low,
    high: 100 * one.high,
    tip:
      `${one.category || one.name}, ${data.models[row]}: ${percent(one.value)}, ` +
      `95% ${interval(one.low, one.high)}, ${counted(one.n, "observation")}`,
  }));
  const scale = (range) => ({ domain: names, range: range.slice(0, names.length) });
  const legend = two ? { direction: "vertical", labelLimit: 0 } : null;
  const x = (field) => quantitative(field, "percent", [0, 100]);
  const y = { field: "category", type: "nominal", sort: null, title: null, scale: two ? { paddingInner: 0.5 } : {} };
  const offset = two ? { yOffset: { field: "model", sort: names } } : {};
  const color = { field: "model", type: "nominal", scale: scale(["var(--accent)", "var(--second)"]), legend };
  const groups = new Set(values.map((one) => one.category)).size;
  const spec = {
    data: { values },
    height: (two ? 44 : STEP) * groups,
    tall: (two ? 44 : STEP) * groups + (two ? 82 : 42),
    layer: [
      {
        mark: { type: "rule", strokeWidth: 2, opacity: 0.55 },
        encoding: { x: x("low"), x2: { field: "high" }, y, ...offset, color },
      },
      {
        mark: { type: "point", filled: true, opacity: 1, size: 65 },
        encoding: {
          x: x("value"),
          y,
          ...offset,
          color,
          shape: { field: "model", type: "nominal", scale: scale(["circle", "square"]), legend },
          tooltip: { field: "tip" },
        },
      },
    ],
  };
  const title = `${column.label}: ${by || "whole suite"}`;
  return chart(
    title,
    spec,
    `Percent with 95% intervals for ${names.join(" and ")} in ${counted(groups, "category", "categories")}; ` +
      "see the numbers below.",
    [
      ["Category", "Model", "Percent", "95% interval", "Observations"],
      found.map(({ row, one }) => [
        one.category || one.name,
        data.models[row],
        percent(one.value),
        interval(one.low, one.high),
        count(one.n),
      ]),
      (n) => n > 1,
    ],
  );
}
