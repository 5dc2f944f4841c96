// How entries stand under the chosen protocol, and what they are compared with.

const board = { protocol: "", baseline: "", column: null, descending: true, hidden: new Set(), open: new Set() };
let stands = null; // the standing under the chosen protocol, by place

const placed = (...parts) => parts.join(",");

function takeStanding() {
  const found = data.standings[board.protocol];
  stands = {
    cells: new Map(found.cells.map(([entry, column, cell]) => [placed(entry, column), cell])),
    changes: new Map(found.changes.map((one) => [placed(one.after, one.before, one.column), one])),
    averages: new Map(found.averages),
    telling: found.telling,
  };
}

const AVERAGE = "average";

/** The score of an entry on a column, or on all that tell something (AVERAGE); null without one. */
const scoreOf = (entry, column) =>
  (column === AVERAGE ? stands.averages.get(entry) : stands.cells.get(placed(entry, column))) ?? null;

/** What an entry is compared with: the chosen one, or its own base; null for none. */
function referenceOf(entry) {
  const other = board.baseline === "own" ? data.entries[entry].base : Number(board.baseline);
  return other === entry ? null : other;
}

/** The paired difference of an entry to what it is compared with, or null. */
function changeOf(entry, column) {
  const other = referenceOf(entry);
  return other === null ? null : (stands.changes.get(placed(entry, other, column)) ?? null);
}

const isBaseline = (entry) =>
  board.baseline === "own" ? data.entries.some((one) => one.base === entry) : Number(board.baseline) === entry;

/** The columns in view. */
const shownColumns = () => data.columns.map((_, n) => n).filter((n) => !board.hidden.has(n));

/** The column by which entries are ranked: the one that was chosen, else the average, else the first that tells something. */
function rankingColumn() {
  if (board.column !== null && board.column !== "model") return board.column;
  return stands.averages.size ? AVERAGE : stands.telling[0];
}

function sortedEntries() {
  const found = data.entries.map((_, entry) => entry);
  const way = board.descending ? -1 : 1;
  if (board.column === "model") return found.sort((a, b) => way * (a - b));
  const column = rankingColumn();
  return found.sort((a, b) => {
    const [left, right] = [scoreOf(a, column)?.value, scoreOf(b, column)?.value];
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined) || a - b;
    return way * (left - right) || isBaseline(b) - isBaseline(a) || a - b;
  });
}

const rankText = ({ ranks: [best, worst] }) => (best === worst ? `${best}` : `${best}–${worst}`);
const bounds = ({ low, high }) => (low <= 0 && high >= 1 ? "no interval" : `[${percent(low)}, ${percent(high)}]`);
