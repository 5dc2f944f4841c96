"""Predicted and seen ends of the gym's trainings: the table and the picture of docs/gym.md, from the CSV files beside it.

python docs/gym/draw.py        # prints the table, writes docs/gym/predicted.svg
"""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from statistics import fmean

from proctor.harness.report.charts import drawing, share_of_axis

HERE = Path(__file__).parent
SIZE, EDGE = 420, 48
STYLE = (
    "text{font:12px sans-serif;fill:#444}.grid{stroke:#ccc}.even{stroke:#888;stroke-dasharray:4 3}"
    ".s0{stroke:#1f6fb2;fill:#1f6fb2}.s1{stroke:#c2410c;fill:#c2410c}.s2{stroke:#15803d;fill:#15803d}.s3{stroke:#7e22ce;fill:#7e22ce}"
)
REWARDS = ("majority_vote", "actor_judge_50", "actor_judge_95", "actor_judge_20")
ORDERED = ("actor_judge_20", "majority_vote", "actor_judge_95")
"""The trainings whose order was foretold."""


def read() -> dict[str, dict[str, tuple[float, float, float, float, list[float]]]]:
    """By condition and training: predicted start, end, low and high, and what each seed ended with."""
    seen = defaultdict(list)
    for row in csv.DictReader((HERE / "ends.csv").open()):
        seen[row["condition"], row["training"]].append(float(row["end"]))
    table: dict[str, dict[str, tuple[float, float, float, float, list[float]]]] = defaultdict(dict)
    for row in csv.DictReader((HERE / "predictions_round_2.csv").open()):
        name = row["condition"], row["training"]
        if name in seen and row["training"] in REWARDS:
            numbers = (float(row[key]) for key in ("start", "end", "low", "high"))
            table[name[0]][name[1]] = (*numbers, seen[name])
    return table


def tau(ends: list[tuple[float, float]]) -> float:
    """Kendall's, of pairs (predicted, seen) without ties."""
    signs = [(a[0] - b[0]) * (a[1] - b[1]) for a, b in combinations(ends, 2)]
    return sum((sign > 0) - (sign < 0) for sign in signs) / len(signs)


def at(value: float) -> float:
    """Where an accuracy lies, from the left or from the bottom."""
    return EDGE + (SIZE - 2 * EDGE) * share_of_axis(value, 0.3, 1.0)


def main() -> None:
    """Print and draw."""
    marks = []
    for tick in (0.4, 0.6, 0.8, 1.0):
        x, y = at(tick), SIZE - at(tick)
        marks.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{EDGE}" y2="{SIZE - EDGE}"/>')
        marks.append(f'<line class="grid" x1="{EDGE}" x2="{SIZE - EDGE}" y1="{y:.1f}" y2="{y:.1f}"/>')
        marks.append(f'<text x="{x:.1f}" y="{SIZE - EDGE + 18}" text-anchor="middle">{tick}</text>')
        marks.append(f'<text x="{EDGE - 8}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    low, high = at(0.3), at(1.0)
    marks.append(f'<line class="even" x1="{low:.1f}" y1="{SIZE - low:.1f}" x2="{high:.1f}" y2="{SIZE - high:.1f}"/>')
    marks.append(f'<text x="{SIZE / 2}" y="{SIZE - 10}" text-anchor="middle">predicted accuracy of samples</text>')
    marks.append(f'<text x="14" y="{SIZE / 2}" text-anchor="middle" transform="rotate(-90 14 {SIZE / 2})">seen</text>')
    for look, name in enumerate(REWARDS):
        y = EDGE + 14 * look
        marks.append(f'<circle class="s{look}" cx="{EDGE + 12}" cy="{y}" r="4"/>')
        marks.append(f'<text x="{EDGE + 22}" y="{y + 4}">{name}</text>')
    within, orders = [], {}
    print(
        "| condition | training | start | predicted end, 90% | seen, mean (seeds) | within |\n|---|---|---|---|---|---|"
    )
    for condition, trainings in read().items():
        for name, (start, end, below, above, ends) in trainings.items():
            mean = fmean(ends)
            within.append(below <= mean <= above)
            each = ", ".join(f"{value:.2f}" for value in ends)
            print(
                f"| `{condition}` | {name} | {start:.2f} | {end:.2f} ({below:.2f} to {above:.2f}) | {mean:.2f} ({each}) | "
                f"{'yes' if within[-1] else 'no'} |"
            )
            title = f"<title>{condition}, {name}</title>"
            look, x, y = REWARDS.index(name), at(end), SIZE - at(mean)
            marks.append(f'<circle class="s{look}" cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>')
        if trainings.keys() >= {*ORDERED}:
            orders[condition] = tau([(trainings[name][1], fmean(trainings[name][4])) for name in ORDERED])
    print(
        f"within: {sum(within)} of {len(within)}; right order: {sum(t == 1 for t in orders.values())} of {len(orders)}"
    )
    print(f"tau: {orders}")
    picture = drawing("Predicted and seen ends of trainings", (SIZE, SIZE), marks)
    told = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    head, mark, rest = told.partition(">")
    (HERE / "predicted.svg").write_text(f"{head}{mark}<style>{STYLE}</style>{rest}\n")


if __name__ == "__main__":
    main()
