// The leaderboard: entries by suites, ranked, with intervals and paired differences; sorted by any column.

const SMALL = 30; // of fewer items a score is shown as so many of so many

function startBoard() {
  setOptions(
    byId("protocol"),
    data.protocols.map((name) => [name, name]),
  );
  setOptions(
    byId("baseline"),
    data.baselines.map((mode) => [mode, mode === "own" ? "what each began with" : data.entries[Number(mode)].name]),
  );
  byId("board-controls").addEventListener("change", (event) => {
    if (event.target.name === "column") {
      const column = Number(event.target.value);
      if (event.target.checked) board.hidden.delete(column);
      else board.hidden.add(column);
    } else if (event.target.id === "protocol") {
      board.protocol = byId("protocol").value;
      foldColumns();
    } else board.baseline = byId("baseline").value;
    drawResults();
    rememberBoard();
  });
  byId("board-controls").addEventListener("submit", (event) => event.preventDefault());
  for (const button of byId("board-controls").querySelectorAll("[data-format]"))
    button.addEventListener("click", () => download(button.dataset.format));
  byId("unfold").addEventListener("click", () => {
    board.hidden.clear();
    drawResults();
    rememberBoard();
    byId("board-box").focus();
  });
  const total = data.runs.reduce((sum, run) => sum + answered(run), 0);
  byId("summary").textContent = [
    counted(data.entries.length, "entry", "entries"),
    counted(data.models.length, "model"),
    counted(data.columns.length, "suite"),
    counted(data.runs.length, "run"),
    counted(total, "answer"),
  ].join(" · ");
}

/** How many of a run's questions have an answer. */
const answered = (run) => run.judged[run.own].marks.reduce((total, mark) => total + (state(mark) < FAILED), 0);

/** Takes the standing, and hides the columns that tell nothing. */
function foldColumns() {
  takeStanding();
  board.hidden = new Set(data.columns.map((_, n) => n).filter((n) => !stands.telling.includes(n)));
}

/** What an address says of the board; what it does not name, or names wrongly, is as at first. */
function openBoard(query, before = () => {}) {
  const words = new URLSearchParams(query);
  const protocol = words.get("protocol");
  board.protocol = data.protocols.includes(protocol) ? protocol : data.protocols[0];
  foldColumns();
  const baseline = words.get("baseline");
  board.baseline = data.baselines.includes(baseline) ? baseline : data.baseline;
  const columns = words.get("columns");
  if (columns !== null) {
    const wanted = new Set(columns.split(".").map(Number));
    board.hidden = new Set(data.columns.map((_, n) => n).filter((n) => !wanted.has(n)));
  }
  const sort = words.get("sort");
  board.column =
    sort === "model" || sort === AVERAGE ? sort : sort !== null && data.columns[Number(sort)] ? Number(sort) : null;
  board.descending = !words.has("up");
  byId("protocol").value = board.protocol;
  byId("baseline").value = board.baseline;
  before();
  drawResults();
}

function rememberBoard() {
  const words = new URLSearchParams();
  if (board.protocol !== data.protocols[0]) words.set("protocol", board.protocol);
  if (board.baseline !== data.baseline) words.set("baseline", board.baseline);
  const folded = data.columns.map((_, n) => n).filter((n) => !stands.telling.includes(n));
  if (String([...board.hidden].sort((a, b) => a - b)) !== String(folded)) words.set("columns", shownColumns().join("."));
  if (board.column !== null) words.set("sort", board.column);
  if (!board.descending) words.set("up", "1");
  const text = words.toString();
  history.replaceState(null, "", text ? `#leaderboard?${text}` : "#leaderboard");
}

function drawHeadline() {
  const [first, ...further] = data.standings[board.protocol].headlines[board.baseline];
  byId("headline").textContent = first.replace(/\(p ([=<]) /, "(p\u00a0$1\u00a0");
  byId("further").textContent = further.join(" ");
}

/** A name that may be broken after its slashes and dashes. */
const breakable = (name) => name.split(/(?<=[/_-])/).flatMap((part, n) => (n ? [h("wbr"), part] : [part]));

/** How many items a column has, where its name does not say it. */
const sizeOf = ({ label, items }) => (label.includes(counted(items, "item")) ? "" : counted(items, "item"));

function drawBoard() {
  const columns = shownColumns(),
    averaged = stands.averages.size > 0;
  const head = h(
    "tr",
    {},
    h("th", { scope: "col", class: "rank" }, "Rank"),
    sortHeader("model", "Model", ""),
    averaged ? sortHeader(AVERAGE, "Average", `of ${counted(stands.telling.length, "suite")}`) : null,
    columns.map((n) => sortHeader(n, data.columns[n].label, sizeOf(data.columns[n]))),
  );
  const body = sortedEntries().flatMap((entry) => entryRows(entry, columns, averaged));
  const caption = h(
    "caption",
    { class: "unseen" },
    `Entries by rank, with percent right by suite, judged by ${board.protocol}, 95% intervals and paired differences`,
  );
  byId("board-box").replaceChildren(
    h("table", { class: "board" }, caption, h("thead", {}, head), h("tbody", {}, body)),
  );
  drawColumns();
  const ranked =
    data.entries.length > 32
      ? "Entries whose 95% intervals touch share a range of ranks."
      : "Entries that no paired test of every pair tells apart (0.05, Holm) share a range of ranks.";
  byId("board-note").textContent =
    `Percent right, its 95% interval, and the paired difference in points. ${ranked} ` +
    "* p < 0.05, ** p < 0.01, *** p < 0.001, two-sided, after Holm's adjustment for all that are compared so." +
    (data.entries.some((one) => one.rows.length > 1) ? " Seeds of one training are one entry: their mean, and an interval over items and seeds." : "");
}

function drawColumns() {
  byId("columns").replaceChildren(
    ...data.columns.map((column, n) =>
      h(
        "label",
        { class: "check" },
        h("input", { type: "checkbox", name: "column", value: n, checked: !board.hidden.has(n) }),
        column.label,
      ),
    ),
  );
  const hidden = [...board.hidden];
  const items = hidden.map((n) => data.columns[n].items);
  const [least, most] = [Math.min(...items), Math.max(...items)];
  byId("folded").hidden = hidden.length === 0;
  byId("folded-text").textContent = hidden.length
    ? `${counted(hidden.length, "suite is", "suites are")} folded (${least === most ? counted(least, "item") : `${least} to ${most} items each`}). `
    : "";
}

function sortHeader(column, label, detail) {
  const chosen = board.column === column || (board.column === null && column === rankingColumn());
  const button = h(
    "button",
    { type: "button", "data-column": column },
    h("span", {}, label),
    h("span", { class: "arrow", "aria-hidden": "true" }, chosen ? (board.descending ? "▼" : "▲") : "↕"),
  );
  button.addEventListener("click", () => {
    board.descending = chosen ? !board.descending : column !== "model";
    board.column = column;
    drawBoard();
    rememberBoard();
    byId("board-box").querySelector(`thead [data-column="${column}"]`).focus();
  });
  return h(
    "th",
    {
      scope: "col",
      class: column === "model" ? "model" : null,
      "aria-sort": chosen ? (board.descending ? "descending" : "ascending") : "none",
    },
    button,
    detail ? h("span", { class: "detail" }, detail) : null,
  );
}

/** The row of an entry, and where it is opened those of its seeds. */
function entryRows(entry, columns, averaged) {
  const one = data.entries[entry],
    score = scoreOf(entry, rankingColumn());
  const cells = [...(averaged ? [AVERAGE] : []), ...columns];
  const row = h(
    "tr",
    { class: isBaseline(entry) ? "baseline" : null },
    h("td", { class: "rank" }, score === null ? h("span", { class: "empty" }, "–") : rankText(score)),
    h("th", { scope: "row", class: "model" }, ...entryName(entry)),
    cells.map((column) => entryCell(entry, column)),
  );
  if (!board.open.has(entry)) return [row];
  return [row, ...one.rows.map((model, n) => seedRow(one, model, n, columns, averaged))];
}

function entryName(entry) {
  const one = data.entries[entry];
  const facts = [
    one.rows.length > 1 ? counted(one.rows.length, "seed") : null,
    one.seeds.length === 1 && !one.name.includes("seed") ? `seed ${one.seeds[0]}` : null,
    one.step === null || one.name.includes("step") ? null : `step ${one.step}`,
    one.size ? `${one.size} by its name` : null,
    one.day || null,
    one.settings ? `settings ${one.settings}` : null,
  ].filter(Boolean);
  const link = h("a", { class: "name", href: `#runs?model=${encodeURIComponent(data.models[one.rows[0]])}` }, breakable(one.name));
  const opener = h(
    "button",
    { type: "button", class: "opener", "aria-expanded": String(board.open.has(entry)), "data-entry": entry },
    `${board.open.has(entry) ? "hide" : "show"} seeds`,
  );
  opener.addEventListener("click", () => {
    if (!board.open.delete(entry)) board.open.add(entry);
    drawBoard();
    byId("board-box").querySelector(`[data-entry="${entry}"]`).focus();
  });
  return [
    link,
    isBaseline(entry) ? h("span", { class: "tag" }, "baseline") : null,
    h("span", { class: "detail" }, facts.join(" · "), one.rows.length > 1 ? h("span", { class: "seeds" }, " · ", opener) : null),
  ].filter(Boolean);
}

function seedRow(one, model, n, columns, averaged) {
  return h(
    "tr",
    { class: "seed" },
    h("td", { class: "rank" }),
    h("th", { scope: "row", class: "model" }, one.seeds.length ? `seed ${one.seeds[n]}` : breakable(data.models[model])),
    averaged ? h("td", {}) : null,
    columns.map((column) => {
      const run = runAt(model, column);
      const judged = run?.judged[board.protocol];
      if (!judged || judged.score === null) return emptyCell(run, judged);
      return h("td", {}, scoreLink(run, judged.score, column), h("span", { class: "range" }, bounds(judged.score)));
    }),
  );
}

function entryCell(entry, column) {
  const one = data.entries[entry],
    score = scoreOf(entry, column);
  if (column === AVERAGE) {
    if (score === null) return h("td", { class: "empty" }, "not on every suite");
    return h(
      "td",
      { class: "average" },
      h("span", { class: "score" }, percent(score.value)),
      h("span", { class: "range" }, bounds(score)),
      intervalBar(score),
    );
  }
  const run = one.rows.map((row) => runAt(row, column)).find(Boolean) ?? null;
  if (score === null) {
    const lacking = one.rows.map((row) => runAt(row, column)).find((its) => its?.judged[board.protocol]?.score === null);
    return emptyCell(lacking ?? run, (lacking ?? run)?.judged[board.protocol]);
  }
  return h(
    "td",
    {},
    scoreLink(run, score, column),
    h("span", { class: "range" }, bounds(score)),
    intervalBar(score),
    changeText(entry, column),
    score.spread === null || data.columns[column].items < SMALL ? null : h("span", { class: "spread" }, `seeds ± ${percent(score.spread)}`),
  );
}

function emptyCell(run, judged) {
  if (run === null)
    return h(
      "td",
      { class: "empty" },
      h("span", { "aria-hidden": "true" }, "–"),
      h("span", { class: "unseen" }, "not examined"),
    );
  if (!judged) return h("td", { class: "empty" }, "not judged so");
  const link = { href: answersLink({ suite: run.suite, model: run.name, protocol: board.protocol }) };
  return h("td", { class: "empty" }, h("a", link, lacking(judged)));
}

/** The score, a link to its answers; of few items how many were right. */
function scoreLink(run, score, column) {
  const link = { href: answersLink({ suite: run.suite, model: run.name, protocol: board.protocol }), class: "score" };
  const few = data.columns[column].items < SMALL && Number.isInteger(score.right ?? score.correct);
  if (!few) return h("a", link, percent(score.value));
  return h("a", link, `${score.right ?? score.correct} of ${score.total}`);
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

function changeText(entry, column) {
  if (referenceOf(entry) === null) return null;
  const change = changeOf(entry, column);
  if (change === null) return h("span", { class: "change" }, "no pair");
  const told =
    `against ${data.entries[change.before].name}: 95% interval ${changeInterval(change)}, ${probability(change.adjusted)} ` +
    `(${probability(change.p)} by itself), ${change.gained} gained, ${change.lost} lost`;
  return h(
    "span",
    { class: change.adjusted < 0.05 ? `change sure ${change.value > 0 ? "up" : "down"}` : "change", title: told },
    `${signed(change.value)}${stars(change.adjusted)}`,
    h("span", { class: "unseen" }, ` (${told})`),
  );
}
