// The curves of trainings: means over a few steps, seeds of one training as their mean and a band.

const SMOOTHED = 9; // steps
const MEASURES = {
  accuracy: { title: "Accuracy on its own batches", unit: "percent", share: true },
  reward: { title: "Reward", unit: "" },
  majority_share: { title: "Majority share", unit: "percent", share: true },
  no_signal_share: { title: "Groups without signal", unit: "percent", share: true },
  judge_score: { title: "Judge's score", unit: "" },
  entropy: { title: "Entropy", unit: "nats a token" },
  response_length: { title: "Response length", unit: "tokens" },
  truncated_share: { title: "Cut off", unit: "percent", share: true },
  kl: { title: "KL to the reference", unit: "" },
  clipped_share: { title: "Clipped share", unit: "percent", share: true },
};
const LINES = [
  { color: "var(--accent)", dash: [1, 0], shape: "circle" },
  { color: "var(--second)", dash: [6, 3], shape: "square" },
  { color: "var(--third)", dash: [2, 2], shape: "diamond" },
  { color: "var(--fourth)", dash: [8, 3, 2, 3], shape: "triangle-up" },
  { color: "var(--muted)", dash: [1, 3], shape: "cross" },
];
const lineOf = (n) => LINES[n % LINES.length];

/** Means over a window of steps, shorter at both ends. */
function smooth(values) {
  const half = (SMOOTHED - 1) / 2;
  return values.map((_, n) => {
    const near = values.slice(Math.max(0, n - half), n + half + 1).filter((value) => value !== null);
    return near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : null;
  });
}

/** The points of a measure of some trainings: mean, least and most over the seeds that have the step. */
function curveOf(numbers, measure) {
  const scale = MEASURES[measure].share ? 100 : 1;
  const byStep = new Map();
  for (const number of numbers) {
    const { steps, series } = data.trainings[number];
    smooth(series[measure] ?? []).forEach((value, at) => {
      if (value === null) return;
      if (!byStep.has(steps[at])) byStep.set(steps[at], []);
      byStep.get(steps[at]).push(scale * value);
    });
  }
  return [...byStep.entries()]
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => ({
      step,
      value: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: Math.min(...values),
      high: Math.max(...values),
    }));
}

/** The examined checkpoints of some trainings on a column, by step: the entry of all seeds, or else the model. */
function examinedOf(numbers, column) {
  const byStep = new Map();
  for (const [number, step, row] of data.checkpoints)
    if (numbers.includes(number)) byStep.set(step, [...(byStep.get(step) ?? []), row]);
  return [...byStep.entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([step, rows]) => {
      const entry = data.entries.findIndex((one) => one.rows.includes(rows[0]));
      const score =
        data.entries[entry].rows.length > 1 ? scoreOf(entry, column) : runAt(rows[0], column)?.judged[board.protocol]?.score;
      if (!score) return [];
      const name = data.entries[entry].name;
      return [{ step, value: 100 * score.value, low: 100 * score.low, high: 100 * score.high, name }];
    });
}
