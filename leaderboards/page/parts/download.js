// The leaderboard as it is shown, as CSV, Markdown or LaTeX.

/** Headers and rows of text: every column in view with its interval and its difference. */
function boardTable() {
  const columns = [...(stands.averages.size ? [AVERAGE] : []), ...shownColumns()];
  const label = (column) => (column === AVERAGE ? "Average" : data.columns[column].label);
  const headers = [
    "Rank",
    "Model",
    ...columns.flatMap((column) => [
      label(column),
      `${label(column)} 95% interval`,
      ...(column === AVERAGE ? [] : [`${label(column)} difference`, `${label(column)} p`]),
    ]),
  ];
  const rows = sortedEntries().map((entry) => [
    rankOf(entry),
    data.entries[entry].name,
    ...columns.flatMap((column) => {
      const score = scoreOf(entry, column),
        change = column === AVERAGE ? null : changeOf(entry, column);
      return [
        score === null ? "" : percent(score.value),
        score === null ? "" : bounds(score),
        ...(column === AVERAGE
          ? []
          : [change === null ? "" : signed(change.value), change === null ? "" : String(change.p)]),
      ];
    }),
  ]);
  return [headers, rows];
}

function rankOf(entry) {
  const score = scoreOf(entry, rankingColumn());
  return score === null ? "" : rankText(score);
}

/** A cell that a spreadsheet would run as a formula begins with an apostrophe. */
const csvCell = (text) => {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const markdownCell = (text) => text.replace(/[\\`*_[\]<>|~#&$]/g, "\\$&").replace(/\s+/g, " ");
const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "−": "$-$", "–": "--" };
const latexCell = (text) =>
  text.replace(/[\\{}$&#%_~^−–]/g, (mark) => LATEX[mark] ?? `\\${mark}`).replace(/\s+/g, " ");

const FORMATS = {
  csv: (rows) => rows.map((cells) => cells.map(csvCell).join(",")).join("\r\n") + "\r\n",
  md: ([head, ...rows]) =>
    [head, head.map((_, n) => (n === 1 ? "---" : "---:")), ...rows]
      .map((cells, n) => `| ${cells.map(n === 1 ? String : markdownCell).join(" | ")} |\n`)
      .join(""),
  tex: ([head, ...rows]) => {
    const line = (cells) => `${cells.map(latexCell).join(" & ")} \\\\\n`;
    const columns = head.map((_, n) => (n === 1 ? "l" : "r")).join("");
    return `\\begin{tabular}{${columns}}\n\\hline\n${line(head)}\\hline\n${rows.map(line).join("")}\\hline\n\\end{tabular}\n`;
  },
};

function download(format) {
  const [headers, rows] = boardTable();
  const text = FORMATS[format]([headers, ...rows]);
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" })), download: `leaderboard.${format}` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
