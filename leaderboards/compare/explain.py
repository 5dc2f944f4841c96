"""Why two scores differ, answer by answer: one run under two protocols, or two runs of one suite.

Each answer that is judged right on one side only is put down to a cause (`causes`). The effects of all causes add up to the
difference of the two scores over the answers that both sides judge. Answers that a side leaves without a verdict are
counted under their cause and enter neither score.

`page` shows it without scripts or network; everything that a model or a file wrote is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ...harness.answers import Extraction, Grade
from ...harness.errors import DataError
from ...harness.report.document import Html, document, table
from ...harness.report.text import counted, interval, points
from ...harness.runs.score import Rules, ScoredRun, StoredAnswers
from ...harness.runs.store import Sample
from ...harness.stats.intervals import Difference, paired_difference
from ...harness.stats.metrics import cluster
from ...harness.types import Item, Json, Response, Verdict
from .difference_causes import CAUSES, UNEXPLAINED, ProtocolReading, cause_of

EXAMPLES = 5
SHOWN_CHARACTERS = 400


@dataclass(frozen=True)
class Side:
    """One of the two scores: a run's answers, judged under one protocol."""

    answers: StoredAnswers
    scored: ScoredRun

    @property
    def rules(self) -> Rules:
        """The protocol."""
        return self.scored.rules

    def to_json(self) -> Json:
        """What is compared, and its own score."""
        manifest = self.scored.run.manifest
        return {
            "run": str(self.scored.run.path),
            "run_id": manifest.run_id,
            "model": manifest.model_name,
            "protocol": self.rules.name,
            "protocol_version": self.rules.version,
            "prompt_protocol": manifest.prompted_by,
            "status": self.scored.status,
            "score": _number(self.scored.accuracy().estimate.value),
        }


@dataclass(frozen=True)
class DifferingAnswer:
    """An answer on which the sides differ; a side without one has an empty response. `thinking` is what was kept apart."""

    item: Item
    sample: int
    cause: str
    left: Verdict
    right: Verdict
    responses: tuple[str, str]
    thinking: tuple[str, str] = ("", "")

    @property
    def step(self) -> int:
        """What the case adds to the right side's count of right answers: +1, -1, or 0 if a side gives no verdict."""
        if self.left.correct is None or self.right.correct is None:
            return 0
        return int(self.right.correct) - int(self.left.correct)

    @property
    def same_response(self) -> bool:
        """True if both sides judge the same text, with the same thinking."""
        return self.responses[0] == self.responses[1] and self.thinking[0] == self.thinking[1]

    def to_json(self) -> Json:
        """The item, and what each side read and judged; long texts by their ends."""
        sides = zip(("left", "right"), (self.left, self.right), self.responses, self.thinking, strict=True)
        return {
            "id": self.item.id,
            "sample": self.sample,
            "question": self.item.question[-SHOWN_CHARACTERS:],
            "gold": str(self.item.meta.get("published_answer") or self.item.answer),
            **{
                name: {
                    "correct": verdict.correct,
                    "read": None if verdict.extracted is None else verdict.extracted[-SHOWN_CHARACTERS:],
                    "rule": verdict.rule,
                    "reason": verdict.reason,
                    "response": response[-SHOWN_CHARACTERS:],
                    **({"thinking": thinking[-SHOWN_CHARACTERS:]} if thinking else {}),
                }
                for name, verdict, response, thinking in sides
            },
        }


@dataclass(frozen=True)
class Cause:
    """All cases of one cause; `effect` is its share of the difference, right minus left, as a fraction of `judged`."""

    name: str
    cases: tuple[DifferingAnswer, ...]
    judged: int

    @property
    def gained(self) -> int:
        """Answers that only the right side accepts."""
        return sum(case.step > 0 for case in self.cases)

    @property
    def lost(self) -> int:
        """Answers that only the left side accepts."""
        return sum(case.step < 0 for case in self.cases)

    @property
    def effect(self) -> float:
        """Gained minus lost, over the answers that both sides judge."""
        return (self.gained - self.lost) / self.judged if self.judged else 0.0

    def to_json(self, examples: int = EXAMPLES) -> Json:
        """Counts, effect and the first examples."""
        return {
            "cause": self.name,
            "meaning": CAUSES[self.name],
            "count": len(self.cases),
            "gained": self.gained,
            "lost": self.lost,
            "no_verdict": len(self.cases) - self.gained - self.lost,
            "effect": self.effect,
            "examples": [case.to_json() for case in self.cases[:examples]],
        }


@dataclass(frozen=True)
class Explanation:
    """Why the right score is not the left one. `judged` answers have a verdict on both sides."""

    left: Side
    right: Side
    judged: int
    difference: Difference | None
    causes: tuple[Cause, ...]

    @property
    def differing(self) -> int:
        """Answers on which the sides differ."""
        return sum(len(cause.cases) for cause in self.causes)

    @property
    def named(self) -> float:
        """The share of the differences that have a named cause; 1 if nothing differs."""
        unexplained = sum(len(cause.cases) for cause in self.causes if cause.name == UNEXPLAINED)
        return 1 - unexplained / self.differing if self.differing else 1.0

    def to_json(self, examples: int = EXAMPLES) -> Json:
        """Everything, with so many examples of each cause."""
        found = self.difference
        return {
            "suite": self.left.scored.run.manifest.suite,
            "left": self.left.to_json(),
            "right": self.right.to_json(),
            "judged_by_both": self.judged,
            "difference": None
            if found is None
            else {
                "value": found.value,
                "stderr": _number(found.stderr),
                "interval": [found.low, found.high],
                "clusters": found.clusters,
                "p": found.p,
            },
            "differing": self.differing,
            "named": self.named,
            "causes": [cause.to_json(examples) for cause in self.causes],
        }


def explain(left: Side, right: Side) -> Explanation:
    """Put every differing answer down to a cause, the most frequent first.

    Raises DataError unless both runs were asked the same items, each as often.
    """
    asked = _common(left, right)
    pairs = _verdicts(left, right)
    cases: dict[str, list[DifferingAnswer]] = {}
    for key, (before, after) in pairs.items():
        if before.correct != after.correct:
            case = _case(left, right, asked[key[0]], before, after)
            cases.setdefault(case.cause, []).append(case)
    both = {key: pair for key, pair in pairs.items() if None not in (pair[0].correct, pair[1].correct)}
    ordered = sorted(cases.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return Explanation(
        left,
        right,
        len(both),
        _difference(both, asked),
        tuple(Cause(name, tuple(found), len(both)) for name, found in ordered),
    )


_Key = tuple[str, int]
_Pair = tuple[Verdict, Verdict]


def _common(left: Side, right: Side) -> dict[str, tuple[Sample, Sample]]:
    """Each item as both sides asked it."""
    before, after = ({one.item.id: one for one in side.answers.asked} for side in (left, right))
    samples = [side.scored.run.manifest.sampling.n for side in (left, right)]
    strangers = sorted(before.keys() ^ after.keys())
    if left.scored.run.manifest.suite != right.scored.run.manifest.suite or strangers:
        example = f": {len(strangers)} are in one only, e.g. {strangers[0]!r}" if strangers else ""
        raise DataError(f"{left.answers.run.path} and {right.answers.run.path} did not ask the same items{example}")
    if samples[0] != samples[1]:
        raise DataError(
            f"{left.answers.run.path} has {samples[0]} answers per item and {right.answers.run.path} {samples[1]}: "
            "there is no pairing of them"
        )
    return {name: (asked, after[name]) for name, asked in before.items()}


def _verdicts(left: Side, right: Side) -> dict[_Key, _Pair]:
    """The verdicts on each answer, one without an answer as an error."""
    before, after = ({(one.item_id, one.sample): one for one in side.scored.verdicts} for side in (left, right))
    return {
        key: (before.get(key) or _unanswered(key), after.get(key) or _unanswered(key))
        for key in dict.fromkeys((*before, *after))
    }


def _unanswered(key: _Key) -> Verdict:
    return Verdict(*key, None, None, "error", "not answered yet")


def _case(left: Side, right: Side, asked: tuple[Sample, Sample], before: Verdict, after: Verdict) -> DifferingAnswer:
    key = (before.item_id, before.sample)
    responses = left.answers.by_key.get(key), right.answers.by_key.get(key)
    texts = ["" if one is None else one.text or "" for one in responses]
    thought = ["" if one is None else one.reasoning or "" for one in responses]
    cause = _cause(left, right, asked, responses, (before, after))
    pairs = (texts[0], texts[1]), (thought[0], thought[1])
    return DifferingAnswer(asked[0].item, before.sample, cause, before, after, *pairs)


def _cause(
    left: Side, right: Side, asked: tuple[Sample, Sample], responses: Sequence[Response | None], verdicts: _Pair
) -> str:
    one, other = responses
    if one is None or other is None or one.text is None or other.text is None:
        return "missing"
    item = asked[0].item
    if one.text != other.text and _moved(right, one, asked[1].item, verdicts[1]):
        if one.truncated != other.truncated:
            return "truncation"
        return "response" if asked[0].prompt.digest() == asked[1].prompt.digest() else "prompt"
    readings = [
        ProtocolReading(side.rules, _stated(side, one, item, verdict), _grade(verdict))
        for side, verdict in zip((left, right), verdicts, strict=True)
    ]
    return cause_of(readings[0], readings[1], item, truncated=one.truncated)


def _moved(right: Side, response: Response, item: Item, verdict: Verdict) -> bool:
    """True if the right side's protocol judges the left side's response unlike its own: the responses differ in substance."""
    return right.rules.match(right.answers.stated(response, item, right.rules), item).correct != verdict.correct


def _stated(side: Side, response: Response, item: Item, verdict: Verdict) -> Extraction:
    """What the rules read; where a language model read it, what the verdict kept of that."""
    stated = side.answers.stated(response, item, side.rules)
    if stated.answer is None and verdict.extracted is not None:
        return Extraction(verdict.extracted, "language model", verdict.reason)
    return stated


def _grade(verdict: Verdict) -> Grade:
    return Grade(verdict.correct, verdict.extracted, verdict.rule, verdict.reason)


def _difference(both: Mapping[_Key, _Pair], asked: Mapping[str, tuple[Sample, Sample]]) -> Difference | None:
    """The paired difference over the answers that both sides judge, clustered as their items are."""
    if not both:
        return None
    names = {key: f"{key[0]}\0{key[1]}" for key in both}
    before, after = ({names[key]: float(bool(pair[side].correct)) for key, pair in both.items()} for side in (0, 1))
    return paired_difference(before, after, {names[key]: cluster(asked[key[0]][0].item) for key in both})


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


PAGE_EXAMPLES = 50

_STYLE = """
.bar { display: inline-block; height: .7em; min-width: 1px; background: var(--good); } .bar.loss { background: var(--bad); }
details { border: 1px solid var(--faint); border-radius: .4rem; padding: .4rem .8rem; margin: .5rem 0; }
summary { cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: .2rem solid var(--faint); padding: .6rem; }
.right { color: var(--good); } .wrong { color: var(--bad); }
"""
_JUDGED = {
    True: '<span class="right">right</span>',
    False: '<span class="wrong">wrong</span>',
    None: "<span>no verdict</span>",
}


def page(explained: Explanation) -> list[bytes]:
    """The page in UTF-8, in pieces."""
    found = explained.to_json(PAGE_EXAMPLES)
    pieces = document(f"{found['suite']}: why two scores differ", _parts(found), _STYLE)
    return [piece.encode("utf-8", "backslashreplace") for piece in pieces]


def _parts(found: Json) -> Iterator[str]:
    yield _sides(found)
    yield _summary(found)
    for cause in found["causes"]:
        yield f'<section><h2 id="{escape(cause["cause"])}">{escape(cause["cause"])}: {escape(cause["meaning"])}</h2>'
        yield from (_example(one, found) for one in cause["examples"])
        hidden = cause["count"] - len(cause["examples"])
        yield f"<p>{hidden} more are not shown.</p></section>" if hidden else "</section>"


def _sides(found: Json) -> str:
    rows = [
        [name, side["model"], side["protocol"], side["prompt_protocol"], _percent(side["score"]), side["run"]]
        for name, side in (("left", found["left"]), ("right", found["right"]))
    ]
    texts = ("model", "judged by", "asked by", "run")
    return table("The two sides", ("side", *texts[:3], "score", "run"), rows, texts=texts)


def _differing(found: Json) -> str:
    if not found["differing"]:
        return "No answer is judged differently."
    differing = counted(found["differing"], "answer differs", "answers differ")
    return f"{differing}; {100 * found['named']:.1f}% of the differences have a named cause."


def _summary(found: Json) -> str:
    change = found["difference"]
    said = "No answer has a verdict on both sides."
    if change:
        low, high = change["interval"]
        said = (
            f"Right minus left, over {found['judged_by_both']} answers that both sides judge: "
            f"<strong>{points(change['value'], 2, signed=True)} points</strong> "
            f"(95% {interval(low, high, 2, signed=True, clusters=change['clusters'])}, "
            f"p {change['p']:.2g}). "
        ) + _differing(found)
    largest = max((abs(cause["effect"]) for cause in found["causes"]), default=0) or 1
    head = (
        "cause",
        "answers",
        "right only left",
        "right only right",
        "no verdict",
        "effect, points",
        "size",
        "meaning",
    )
    rows = [_cause_row(cause, largest) for cause in found["causes"]]
    if not rows:
        return f"<p>{said}</p>"
    return f"<p>{said}</p>{table('Causes of the difference', head, rows, texts=('size', 'meaning'))}"


def _cause_row(cause: Json, largest: float) -> list[str]:
    width = 6 * abs(cause["effect"]) / largest
    loss = " loss" if cause["effect"] < 0 else ""
    name = escape(cause["cause"])
    return [
        Html(f'<a href="#{name}">{name}</a>'),
        *(str(cause[key]) for key in ("count", "lost", "gained", "no_verdict")),
        f"{100 * cause['effect']:+.2f}",
        Html(f'<span class="bar{loss}" style="width:{width:.2f}rem"></span>'),
        cause["meaning"],
    ]


def _example(one: Json, found: Json) -> str:
    same = all(one["left"].get(name) == one["right"].get(name) for name in ("response", "thinking"))
    sides = "".join(_side(one[name], name, found[name], same and name == "right") for name in ("left", "right"))
    return (
        f"<details><summary>item {escape(one['id'])}, sample {one['sample']}, gold {escape(one['gold'])}</summary>"
        f"<pre>{escape(one['question'])}</pre>{sides}</details>"
    )


def _side(verdict: Json, name: str, side: Json, same: bool) -> str:
    read = "nothing" if verdict["read"] is None else f"<code>{escape(verdict['read'])}</code>"
    response = "<p>(the same response)</p>" if same else f"<pre>{escape(verdict['response'])}</pre>"
    if "thinking" in verdict and not same:
        response = f"<p>Its thinking, kept apart, ends:</p><pre>{escape(verdict['thinking'])}</pre>{response}"
    return (
        f"<h3>{name}: {escape(side['protocol'])}: {_JUDGED[verdict['correct']]}</h3>"
        f"<p>It reads {read}; {escape(verdict['reason'])} ({escape(verdict['rule'])}).</p>{response}"
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}%"
