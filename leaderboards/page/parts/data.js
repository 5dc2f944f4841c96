// What the page holds: the overview at once, questions and responses when they are first asked for.

const STATES = ["right", "wrong", "no verdict", "error", "not answered"];
const SYMBOLS = ["✓", "✗", "?", "!", "…"];
const [RIGHT, WRONG, UNJUDGED, FAILED, UNANSWERED] = [0, 1, 2, 3, 4];
const UNPARSED = 8,
  TRUNCATED = 16;

const MOST_KEPT = 16; // chunks that lie beside the page

async function unpack(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let n = 0; n < packed.length; n++) bytes[n] = packed.charCodeAt(n);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const awaited = new Map(); // name of a piece beside the page -> takes its text
window.proctorData = (name, text) => awaited.get(name)?.(text);

/** The text of a piece beside the page, which is a script that hands it over. */
function beside(name) {
  return new Promise((resolve, reject) => {
    awaited.set(name, resolve);
    const element = document.createElement("script");
    element.src = `${encodeURIComponent(data.beside)}/${name}.js`;
    element.addEventListener("error", () => reject(new Error(`${data.beside}/${name}.js was not found beside the page`)));
    element.addEventListener("load", () => element.remove());
    document.head.append(element);
  }).finally(() => awaited.delete(name));
}

const kept = new Map();
/** Unpacks a piece once; a promise of its value. Of pieces beside the page the last few are kept. */
function unpacked(name) {
  const found = kept.get(name) ?? (data.beside ? beside(name).then(unpack) : unpack(byId(name).textContent));
  kept.delete(name);
  kept.set(name, found);
  found.catch(() => kept.delete(name));
  if (data.beside) {
    const chunks = [...kept.keys()].filter((one) => one.startsWith("responses-"));
    if (chunks.length > MOST_KEPT) kept.delete(chunks[0]);
  }
  return found;
}

let data = null; // the overview
const place = new Map(); // "row,column" -> index of the run

async function load() {
  data = await unpack(byId("overview").textContent);
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
const chunkOf = (at) => Math.floor(at / data.chunk);
const chunkAt = (run, chunk) => unpacked(`responses-${run.responses}-${chunk}`);

/** The answers of a run from one place up to another, as columns by place. */
async function responsesAt(run, from, to) {
  const chunks = new Map();
  for (let chunk = chunkOf(from); chunk <= chunkOf(to - 1); chunk++) chunks.set(chunk, await chunkAt(run, chunk));
  return (at) => [chunks.get(chunkOf(at)), at % data.chunk];
}

const state = (mark) => mark & 7;
/** The verdicts of a run under a protocol, or under the one that asked it where that one does not judge it. */
const judgedBy = (run, protocol) => run.judged[protocol] ?? run.judged[run.own];
const markOf = (run, at, protocol) => judgedBy(run, protocol).marks[at];

/** A text, or its beginning and end where its middle was left out. */
const wholeText = (text) => (Array.isArray(text) ? text[0] + text[2] : (text ?? ""));
