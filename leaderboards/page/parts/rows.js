// Which answers the filters leave: a row is an answer, told by its run and its place among the run's answers.

const NO_FILTERS = Object.freeze({
  suite: "",
  model: "",
  protocol: "",
  verdict: "",
  other: "",
  change: "",
  unparsed: "",
  truncated: "",
  disagreeing: "",
  raw: "",
  search: "",
});
const VERDICTS = { right: [RIGHT], wrong: [WRONG], none: [UNJUDGED], failed: [FAILED, UNANSWERED] };

/** The run that another model has on the same items, or null. */
const partnerOf = (run, other) => (other === "" ? null : runAt(data.models.indexOf(other), run.column));

/** The place of the same item and sample in another run, or null. */
function partnerPlace(run, at, partner) {
  const sample = at % run.samples;
  return sample < partner.samples ? Math.floor(at / run.samples) * partner.samples + sample : null;
}

/** True if the protocols that judged an answer do not all call it right, or all not. */
function disagree(run, at) {
  const calls = Object.values(run.judged).map((judged) => state(judged.marks[at]) === RIGHT);
  return calls.includes(true) && calls.includes(false);
}

function changed(run, at, filters) {
  const partner = partnerOf(run, filters.other);
  const there = partner === null ? null : partnerPlace(run, at, partner);
  if (there === null) return false;
  const [mine, its] = [state(markOf(run, at, filters.protocol)), state(markOf(partner, there, filters.protocol))];
  if (mine > WRONG || its > WRONG || mine === its) return false;
  return filters.change === "flipped" || (filters.change === "gained") === (mine === RIGHT);
}

function passes(run, at, filters) {
  const mark = markOf(run, at, filters.protocol);
  return (
    (!filters.verdict || VERDICTS[filters.verdict].includes(state(mark))) &&
    (!filters.unparsed || mark & UNPARSED) &&
    (!filters.truncated || mark & TRUNCATED) &&
    (!filters.disagreeing || disagree(run, at)) &&
    (!filters.change || changed(run, at, filters))
  );
}

/** The runs that the filters leave, in groups that share their items. */
function groupsOf(filters) {
  return data.columns
    .map((column, n) =>
      filters.suite && filters.suite !== column.label
        ? []
        : data.runs
            .filter((run) => run.column === n && (!filters.model || run.name === filters.model))
            .sort((a, b) => a.model - b.model),
    )
    .filter((group) => group.length);
}

/** [run indices, places] of all answers that pass, item by item, so that answers to one item are neighbours. */
function rowsOf(filters, found = null) {
  const runs = [],
    places = [];
  for (const group of groupsOf(filters)) {
    const items = data.columns[group[0].column].items;
    for (let item = 0; item < items; item++) {
      for (const run of group) {
        for (let at = item * run.samples; at < (item + 1) * run.samples; at++) {
          if (passes(run, at, filters) && (found === null || found.get(run.index)[at])) {
            runs.push(run.index);
            places.push(at);
          }
        }
      }
    }
  }
  return [runs, places];
}

const haystacks = new Map(); // name of a chunk -> its answers' texts with their questions, in small letters

async function haystackOf(run, chunk) {
  const name = `${run.index}-${chunk}`;
  if (haystacks.has(name)) return haystacks.get(name);
  const [questions, responses] = await Promise.all([questionsOf(run), chunkAt(run, chunk)]);
  const texts = responses.texts.map((text, n) => {
    const question = questions[Math.floor((chunk * data.chunk + n) / run.samples)];
    return `${question.id}\n${wholeText(question.question)}\n${wholeText(text)}`.toLowerCase();
  });
  if (!data.beside) haystacks.set(name, texts);
  return texts;
}

/** Index of a run -> for each of its answers whether it holds the words; reads what was not read yet, while `wanted`. */
async function searched(filters, tell, wanted) {
  const words = filters.search.toLowerCase(),
    found = new Map();
  const runs = groupsOf(filters).flat();
  const all = runs.reduce((sum, run) => sum + run.size, 0);
  let done = 0;
  for (const run of runs) {
    const hits = new Uint8Array(run.size);
    found.set(run.index, hits);
    for (let chunk = 0; chunk * data.chunk < run.size && wanted(); chunk++) {
      if (!haystacks.has(`${run.index}-${chunk}`)) tell(`Reading answers: ${count(done)} of ${count(all)}`);
      const texts = await haystackOf(run, chunk);
      texts.forEach((text, n) => {
        if (text.includes(words)) hits[chunk * data.chunk + n] = 1;
      });
      done += texts.length;
    }
  }
  return found;
}
