"""How the trainings of docs/gym.md went under each advantage: the picture curves.svg, from curves.csv beside it.

python docs/gym/curves.py                        # draws
python docs/gym/curves.py STUDY/trainings        # first takes the courses from a study's trainings

A training is called REWARD-ADVANTAGE-seed-N. The CSV has a row for each reward, advantage and four steps: means over them and
over the seeds, of what metrics.jsonl holds.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from proctor.harness.report.charts import drawing, share_of_axis

HERE = Path(__file__).parent
MEASURES = {
    "accuracy": ("samples right", 0.3, 0.9),
    "majority_share": ("share of the majority", 0.5, 1.0),
    "entropy": ("entropy of a token, nats", 0.0, 0.12),
    "kl": ("KL of a token to the base, nats", 0.0, 0.2),
}
"""What is drawn, from where to where."""
REWARDS = ("majority_vote", "actor_judge_95", "confidence", "random", "ground_truth")
ADVANTAGES = ("group_norm", "dr_grpo", "log_softmax")
EVERY, LAST = 4, 40
WIDTH, HEIGHT, LEFT, TOP, GAP = 190, 130, 48, 50, 14
STYLE = (
    "text{font:12px sans-serif;fill:#444}.name{font-weight:bold}.frame{fill:#fff;stroke:#ccc}"
    "polyline{fill:none;stroke-width:1.8}"
)
COLOURS = ("#1f6fb2", "#c2410c", "#15803d", "#777777", "#7e22ce")


def collect(trainings: Path) -> None:
    """Write curves.csv from a study's trainings."""
    seen: dict[tuple[str, str, int], list[dict[str, float]]] = defaultdict(list)
    for training in sorted(trainings.iterdir()):
        reward, advantage = training.name.rsplit("-seed-", 1)[0].split("-")
        for line in (training / "metrics.jsonl").read_text().splitlines():
            metrics = json.loads(line)
            seen[reward, advantage, -(-metrics["step"] // EVERY) * EVERY].append(metrics)
    with (HERE / "curves.csv").open("w", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(("reward", "advantage", "step", "steps", *MEASURES, "response_length"))
        for key, steps in seen.items():
            means = (fmean(one[name] for one in steps) for name in (*MEASURES, "response_length"))
            out.writerow((*key, len(steps), *(f"{mean:.4f}" for mean in means)))


def panel(rows: list[dict[str, str]], measure: str, left: float, top: float) -> list[str]:
    """One advantage's courses of one measure."""
    _, low, high = MEASURES[measure]
    marks = [f'<rect class="frame" x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}"/>']
    for value in (low, (low + high) / 2, high):
        y = top + HEIGHT * (1 - share_of_axis(value, low, high))
        marks.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{value:.2g}</text>')
    for colour, reward in zip(COLOURS, REWARDS, strict=True):
        points = [
            (
                left + WIDTH * float(row["step"]) / LAST,
                top + HEIGHT * (1 - min(1.0, max(0.0, share_of_axis(float(row[measure]), low, high)))),
            )
            for row in rows
            if row["reward"] == reward
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        marks.append(f'<polyline stroke="{colour}" points="{path}"><title>{reward}</title></polyline>')
    return marks


def draw() -> None:
    """Write curves.svg."""
    rows = list(csv.DictReader((HERE / "curves.csv").open()))
    across, down = WIDTH + LEFT + GAP, HEIGHT + GAP + 14
    marks = []
    for place, (colour, reward) in enumerate(zip(COLOURS, REWARDS, strict=True)):
        x = LEFT + 140 * place
        marks.append(f'<line stroke="{colour}" stroke-width="2" x1="{x}" x2="{x + 20}" y1="12" y2="12"/>')
        marks.append(f'<text x="{x + 26}" y="16">{reward}</text>')
    for column, (measure, (title, *_)) in enumerate(MEASURES.items()):
        marks.append(f'<text x="{LEFT + column * across}" y="{TOP - 10}">{title}</text>')
        for line, advantage in enumerate(ADVANTAGES):
            own = [row for row in rows if row["advantage"] == advantage]
            marks += panel(own, measure, LEFT + column * across, TOP + line * down)
    for line, advantage in enumerate(ADVANTAGES):
        marks.append(f'<text class="name" x="{LEFT + 6}" y="{TOP + line * down + 16}">{advantage}</text>')
    size = (LEFT + len(MEASURES) * across, TOP + len(ADVANTAGES) * down + 10)
    marks.append(f'<text x="{size[0] / 2}" y="{size[1] - 6}" text-anchor="middle">step, 0 to {LAST}</text>')
    picture = drawing("Trainings under three advantages, step by step", size, marks)
    told = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    head, mark, rest = told.partition(">")
    (HERE / "curves.svg").write_text(f"{head}{mark}<style>{STYLE}</style>{rest}\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        collect(Path(sys.argv[1]))
    draw()
