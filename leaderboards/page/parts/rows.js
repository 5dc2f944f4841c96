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

const haystacks = new Map(); // index of a run -> its answers' texts with their questions, in small letters

async function haystackOf(run) {
  if (!haystacks.has(run.index)) {
    const [questions, responses] = await Promise.all([questionsOf(run), responsesOf(run)]);
    haystacks.set(
      run.index,
      responses.texts.map((text, at) => {
        const question = questions[Math.floor(at / run.samples)];
        return `${question.id}\n${wholeText(question.question)}\n${wholeText(text)}`.toLowerCase();
      }),
    );
  }
  return haystacks.get(run.index);
}

/** Index of a run -> for each of its answers whether it holds the words; reads the runs that were not read yet. */
async function searched(filters, tell) {
  const words = filters.search.toLowerCase(),
    found = new Map();
  const runs = groupsOf(filters).flat();
  for (const [n, run] of runs.entries()) {
    if (!haystacks.has(run.index)) tell(`Reading answers: ${n + 1} of ${counted(runs.length, "run")}`);
    const texts = await haystackOf(run);
    found.set(
      run.index,
      texts.map((text) => text.includes(words)),
    );
  }
  return found;
}
