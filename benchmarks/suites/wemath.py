r"""We-Math: composite problems with the one-step problems that they consist of, all of them choices.

Paper: arXiv 2407.01284. Hub: We-Math/We-Math. Testmini has 1740 items: 360 two-step problems of 3 questions
and 165 three-step problems of 4. CC-BY-NC-4.0.

Columns: id, question, choices ("A. 4; B. 5; ..."), answer (a letter), image, problem_id, key ("2steps_1",
"3steps_multi"), knowledge_concept (several joined by ";").

Options are named by their place, so a gold letter after a gap in the printed letters moves up with its
option. The questions of a problem form a cluster, and `steps`, `step` and `problem_id` in `meta` serve the
four-dimensional metric.

The metrics are those of the paper's section 3 and of the benchmark's evaluation scripts. A problem consists of its one-step
questions (S) and its composite question (M), and a model that answers them shows one of:

- `ik`, insufficient knowledge: some S wrong and M wrong;
- `ig`, inadequate generalization: all S right and M wrong;
- `cm`, complete mastery: M right, with all S right (strict) or at least one (loose);
- `rm`, rote memorization: M right otherwise.

Metrics: `score_strict` and `score_loose`, the mean of 1 for cm, 1/2 for ig, 0 for the rest; `ik_rate`, `ig_rate`,
`cm_rate_strict`, `cm_rate_loose` over all problems; `rm_rate_strict`, `rm_rate_loose` = rm / (rm + cm), over the problems
with M right, undefined where there are none; `s1`, accuracy over one-step questions, `s2` and `s3`, accuracy over the
composite questions of two and three steps; `domain=...`, the mean over a domain's concepts of the accuracy over the
one-step questions on a concept (concepts without a question are left out).

A problem counts only if all its questions were judged. With several samples per item, the k-th samples of a problem's
questions are answered together: they make one outcome, and all outcomes of all samples are pooled, in rates too.

Errors are clustered by problem. A rate is a mean of outcomes; the error of rm rates is that of a mean over the outcomes
with M right, which is the delta method for the ratio; that of a domain is the delta method for a mean of means.

The official rules are evaluation/four_dimensional_metrics.py of We-Math/We-Math, commit 89a15bd1. The text after the last
"Answer" loses >, <, : and full stops and the spaces around it; its first character is the answer if it is one of A to H.
Defects that belong to it: `\boxed{C}`, "Answer: (B)", "<Answer>C</Answer>" and "**Answer:** C" are read as no answer, "As
shown" as A.

Repository: We-Math/We-Math, data/testmini.json, a list; names of pictures start at data/ ("2steps/image/1-1.png").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.stats.intervals import mean_of_means, proportion
from ...harness.stats.metrics import Metric, cluster, judged, overall, share
from ...harness.types import Item, Prompt, Verdict
from ..base import SAMPLES, Suite
from ..gold import published, published_gold
from ..items import LETTERS, ImageFolder, Record, split
from ..metrics import together, where
from ..protocols import vlmevalkit
from ..protocols.base import Protocol, asked, rule_grade
from ..sources.layout import Computed, Layout, empty, same
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

COMPOSITE = "multi"
ASKS = (
    "Now, we require you to solve a multiple-choice math question. "
    "Please briefly describe your thought process and provide the final answer(option)."
)
FORMAT = (
    "Regarding the format, please answer following the template below, and be sure to include two <> symbols:\n"
    "<Thought process>: <<your thought process>> <Answer>: <<your option>>"
)
_KEY = re.compile(r"(2steps)_([12]|multi)|(3steps)_([123]|multi)")
_REMOVED = str.maketrans("", "", "><:.")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    options = split(record.text("choices"))
    if len(options) < 2:
        raise record.error(f"column 'choices' must read \"A. ...; B. ...\", found {record.text('choices')!r:.60}")
    raw = record.one_of("answer", tuple(options))
    answer = LETTERS[list(options).index(raw)]
    key = record.text("key")
    if not _KEY.fullmatch(key):
        raise record.error(f"column 'key' must be like 2steps_1 or 3steps_multi, found {key!r:.60}")
    problem = record.text("problem_id")
    return Item(
        id=record.text("id"),
        suite="wemath",
        question=record.text("question"),
        answer=answer,
        answer_type="choice",
        images=(folder.image(record, record.text("image")),),
        choices=tuple(options.values()),
        cluster=problem,
        meta={
            "problem_id": problem,
            "steps": int(key[0]),
            "step": key.partition("_")[2],
            "knowledge_concepts": tuple(c.strip() for c in record.text("knowledge_concept").split(";")),
            **published(raw, answer),
            "published_choices": record.text("choices"),
        },
    )


# The twelve domains of the benchmark's tree of knowledge (the second level below "Geometry and Figures") with its leaves.
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "Understanding and Conversion of Units": (
        "Conversion Rates and Calculations Between Area Units",
        "Conversion Rates and Calculations Between Length Units",
        "Conversion Rates and Calculations Between Volume Units (Including Liters and Milliliters)",
    ),
    "Angles and Length": ("Understanding Angles (Using a Protractor)", "Understanding Length (Using a Ruler)"),
    "Calculation of Plane Figures": (
        "Area of Circles",
        "Area of Parallelograms",
        "Area of Rectangles",
        "Area of Sectors",
        "Area of Squares",
        "Area of Trapezoids",
        "Area of Triangles",
        "Calculation and Comparison of Angles",
        "Circumference of Circles",
        "Perimeter of Parallelograms",
        "Perimeter of Rectangles",
        "Perimeter of Squares",
        "Perimeter of Trapezoids",
        "Perimeter of Triangles",
        "Sum of Interior Angles of Other Polygons",
        "Sum of Interior Angles of Triangles",
    ),
    "Understanding of Plane Figures": (
        "Distance Between Two Points",
        "Observing Figures",
        "Parallel",
        "perpendicularity",
        "Properties and Understanding of Parallelograms",
        "Properties and Understanding of Rectangles",
        "Properties and Understanding of Squares",
        "Properties and Understanding of Trapezoids",
        "Properties and Understanding of Triangles",
        "Understanding Circles",
        "Understanding Line Segments, Lines, and Rays",
        "Understanding Sectors",
        "Understanding Triangular Rulers",
        "Understanding and Representing Angles",
    ),
    "Calculation of Solid Figures": (
        "Surface Area of Cubes",
        "Surface Area of Cylinders",
        "Surface Area of Rectangular Cuboids",
        "Volume and Capacity of Cones",
        "Volume and Capacity of Cubes",
        "Volume and Capacity of Cylinders",
        "Volume and Capacity of Rectangular Cuboids",
    ),
    "Understanding of Solid Figures": (
        "Expanded View of Cubes",
        "Expanded View of Cylinders",
        "Expanded View of Rectangular Cuboids",
        "Observing Objects",
        "Properties and Understanding of Cubes",
        "Properties and Understanding of Rectangular Cuboids",
        "Properties of Cones",
        "Properties of Cylinders",
    ),
    "Basic Transformations of Figures": ("Axial Symmetry", "Rotation", "Translation"),
    "Cutting and Combining of Figures": (
        "Combining Plane Figures",
        "Combining and Dividing Solids",
        "Division of Plane Figures",
        "Folding Problems of Figures",
        "Tessellation of Figures",
    ),
    "Direction": (
        "Cardinal Directions (East, South, West, North)",
        "Southeast, Southwest, Northeast, Northwest Directions",
    ),
    "Position": ("Front-Back Position", "Left-Right Position", "Up-Down Position"),
    "Route Map": (
        "Describing Simple Routes Based on Direction and Distance",
        "Determining the Positions of Objects Based on Direction, Angle, and Distance",
    ),
    "Correspondence of Coordinates and Positions": (
        "Finding Positions Based on Ordered Pairs",
        "Representing Positions Using Ordered Pairs",
    ),
}
DOMAIN_OF: Mapping[str, str] = {concept: domain for domain, concepts in DOMAINS.items() for concept in concepts}


@dataclass(frozen=True)
class ProblemOutcome:
    """How one sample of a problem came out: which of its one-step questions are right, and whether the composite is."""

    cluster: str
    steps: tuple[bool, ...]
    composite: bool

    @property
    def ik(self) -> bool:
        """Insufficient knowledge."""
        return not self.composite and not all(self.steps)

    @property
    def ig(self) -> bool:
        """Inadequate generalization."""
        return not self.composite and all(self.steps)

    @property
    def cm_strict(self) -> bool:
        """Complete mastery, every step right."""
        return self.composite and all(self.steps)

    @property
    def cm_loose(self) -> bool:
        """Complete mastery, at least one step right."""
        return self.composite and any(self.steps)


def problem_outcomes(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[ProblemOutcome]:
    """The outcome of every problem in every sample; problems of which a question is missing are left out."""
    answers: dict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
    about: dict[str, Item] = {}
    for item, verdict in judged(items, verdicts):
        problem = str(item.meta["problem_id"])
        about[problem] = item
        answers[problem, verdict.sample][str(item.meta["step"])] = bool(verdict.correct)
    outcomes = []
    for (problem, _), by_step in answers.items():
        steps = [str(step + 1) for step in range(_steps(about[problem]))]
        if by_step.keys() == {*steps, COMPOSITE}:
            outcomes.append(
                ProblemOutcome(
                    cluster(about[problem]),
                    tuple(by_step[step] for step in steps),
                    by_step[COMPOSITE],
                )
            )
    return outcomes


def _steps(item: Item) -> int:
    steps = item.meta["steps"]
    if not isinstance(steps, int):
        raise TypeError(f"item {item.id}: the number of steps is {steps!r}")
    return steps


def four_dimensional(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
    """Scores, then the rates of ik, ig, cm and rm."""
    outcomes = problem_outcomes(items, verdicts)
    mastered = [outcome for outcome in outcomes if outcome.composite]

    def rate(name: str, among: list[ProblemOutcome], holds: Callable[[ProblemOutcome], bool]) -> Metric:
        return share(name, [(outcome.cluster, holds(outcome)) for outcome in among])

    def score(name: str, full: Callable[[ProblemOutcome], bool]) -> Metric:
        values = [1.0 if full(outcome) else 0.5 if outcome.ig else 0.0 for outcome in outcomes]
        return Metric(name, proportion(values, [outcome.cluster for outcome in outcomes]))

    return [
        score("score_strict", lambda outcome: outcome.cm_strict),
        score("score_loose", lambda outcome: outcome.cm_loose),
        rate("ik_rate", outcomes, lambda outcome: outcome.ik),
        rate("ig_rate", outcomes, lambda outcome: outcome.ig),
        rate("cm_rate_strict", outcomes, lambda outcome: outcome.cm_strict),
        rate("cm_rate_loose", outcomes, lambda outcome: outcome.cm_loose),
        rate("rm_rate_strict", mastered, lambda outcome: not outcome.cm_strict),
        rate("rm_rate_loose", mastered, lambda outcome: not outcome.cm_loose),
    ]


def domains(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
    """The twelve domain values."""
    answers: dict[str, list[tuple[float, str, str]]] = {domain: [] for domain in DOMAINS}
    for item, verdict in judged(items, verdicts):
        concepts = item.meta["knowledge_concepts"]
        if item.meta["step"] == COMPOSITE or not isinstance(concepts, tuple):
            continue
        for concept in concepts:
            if concept in DOMAIN_OF:
                answers[DOMAIN_OF[concept]].append((float(bool(verdict.correct)), concept, cluster(item)))
    metrics = []
    for domain, graded in answers.items():
        values, concepts, clusters = zip(*graded, strict=True) if graded else ((), (), ())
        metrics.append(Metric(f"domain={domain}", mean_of_means(values, concepts, clusters)))
    return metrics


METRICS = together(
    overall,
    four_dimensional,
    where("s1", lambda item: item.meta["step"] != COMPOSITE),
    where("s2", lambda item: item.meta["step"] == COMPOSITE and item.meta["steps"] == 2),
    where("s3", lambda item: item.meta["step"] == COMPOSITE and item.meta["steps"] == 3),
    domains,
)


def official_prompt(item: Item) -> Prompt:
    """Task, question, options as printed, and the answer template."""
    return asked(item, f"{ASKS}\nQuestion: {item.question}\nOption: {printed_options(item)}\n{FORMAT}")


def printed_options(item: Item) -> str:
    """The options in one text under their printed letters: "A. 4; B. 5"."""
    printed = item.meta.get("published_choices")
    return str(printed) if printed else "; ".join(f"{chr(65 + n)}. {text}" for n, text in enumerate(item.choices))


def official_extract(text: str, item: Item) -> Extraction:
    """The letter at the start of what follows the last "Answer"."""
    tail = text.rsplit("Answer", 1)[-1].strip().translate(_REMOVED).strip()
    if tail[:1] in tuple("ABCDEFGH"):
        return Extraction(tail[0], "after Answer", "the first character after the last 'Answer'")
    return Extraction(None, "none", "no letter from A to H stands right after the last 'Answer'")


def official_match(stated: Extraction, item: Item) -> Grade:
    """Equality of letters."""
    return rule_grade(stated.answer == published_gold(item), stated, "letter" if stated.answer else stated.rule)


def _vlmevalkit_prompt(item: Item) -> Prompt:
    lines = (ASKS, f"Question: {item.question}", printed_options(item), FORMAT)
    return asked(item, "\n".join(lines))


def _joined(*parts: Any) -> str:
    return "|".join(str(part) for part in parts)


def _lettered(*options: Any) -> str:
    """Options from cells A, B, ... as We-Math writes them: "A. 4; B. 5". "None", "NA" and "nan" are texts as any other."""
    return "; ".join(f"{letter}. {text}" for letter, text in zip("ABCDEFGH", options, strict=True) if not empty(text))


LAYOUT: Layout = {
    "id": Computed(_joined, "ID", "key"),
    "question": "question",
    "choices": "option",
    "answer": "answer",
    "image": "image_path",
    "problem_id": "ID",
    "key": "key",
    "knowledge_concept": "knowledge concept",
}

PUBLISHED = Published(
    sets={"testmini": 1740},
    hub=HubSet("We-Math/We-Math", ("testmini",), LAYOUT),
    vlmevalkit=VLMEvalKitSet(
        ("WeMath", "WeMath_COT"),
        {
            "id": Computed(_joined, "ID", "key"),
            **same("question", "answer", "image", "key"),
            "choices": Computed(_lettered, "A", "B", "C?", "D?", "E?", "F?", "G?", "H?"),
            "problem_id": "ID",
            "knowledge_concept": "knowledge concept",
        },
    ),
    checkout=TableCheckout(("testmini.json",), LAYOUT, holds="2steps"),
)

SUITE = Suite(
    name="wemath",
    title="We-Math",
    parse=parse,
    own_protocols=(
        Protocol("official", "1+wemath-89a15bd1", official_prompt, official_extract, official_match),
        Protocol(
            vlmevalkit.NAME,
            vlmevalkit.WITH_STEPS,
            _vlmevalkit_prompt,
            vlmevalkit.extract_choice,
            vlmevalkit.match_letter,
            extractor=vlmevalkit.OPTION,
        ),
    ),
    metrics=METRICS,
    published=PUBLISHED,
    sample=SAMPLES / "wemath.jsonl",
)
