// What the page holds: the overview at once, questions and responses when they are first asked for.

const STATES = ["right", "wrong", "no verdict", "error", "not answered"];
const SYMBOLS = ["✓", "✗", "?", "!", "…"];
const [RIGHT, WRONG, UNJUDGED, FAILED, UNANSWERED] = [0, 1, 2, 3, 4];
const UNPARSED = 8,
  TRUNCATED = 16;

async function unpack(id) {
  const text = atob(byId(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const kept = new Map();
/** Unpacks an element once; a promise of its value. */
function unpacked(id) {
  if (!kept.has(id)) kept.set(id, unpack(id));
  return kept.get(id);
}

let data = null; // the overview
const place = new Map(); // "row,column" -> index of the run

async function load() {
  data = await unpack("overview");
  const suites = new Map(),
    labels = new Map();
  for (const column of data.columns) suites.set(column.suite, (suites.get(column.suite) ?? 0) + 1);
  for (const column of data.columns) {
    const label = suites.get(column.suite) > 1 ? `${column.suite} (${column.items} items)` : column.suite;
    labels.set(label, (labels.get(label) ?? 0) + 1);
    column.label = labels.get(label) > 1 ? `${label} #${labels.get(label)}` : label;
  }
  data.runs.forEach((run, index) => {
    run.index = index;
    run.own = Object.keys(run.judged)[0];
    run.suite = data.columns[run.column].label;
    run.name = data.models[run.model];
    run.size = data.columns[run.column].items * run.samples;
    for (const judged of Object.values(run.judged))
      judged.marks = Uint8Array.from(judged.marks, (c) => c.charCodeAt(0) - 48);
    place.set(`${run.model},${run.column}`, index);
  });
}

const runAt = (model, column) => data.runs[place.get(`${model},${column}`)] ?? null;
const questionsOf = (run) => unpacked(`questions-${run.questions}`);
const responsesOf = (run) => unpacked(`responses-${run.index}`);

const state = (mark) => mark & 7;
/** The verdicts of a run under a protocol, or under the one that asked it where that one does not judge it. */
const judgedBy = (run, protocol) => run.judged[protocol] ?? run.judged[run.own];
const markOf = (run, at, protocol) => judgedBy(run, protocol).marks[at];

/** A text, or its beginning and end where its middle was left out. */
const wholeText = (text) => (Array.isArray(text) ? text[0] + text[2] : (text ?? ""));

/** The paired difference of a model to another one on a suite, or null. */
function differenceOf(after, before, column, protocol) {
  return (
    data.differences.find(
      (one) => one.after === after && one.before === before && one.column === column && one.protocol === protocol,
    ) ?? null
  );
}
