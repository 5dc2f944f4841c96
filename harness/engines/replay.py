"""The replay engine: a stored run answers again, and the new run says of the answers what the stored one does.

Nobody is asked: who answered (weights, name, engine), how answers were drawn, whose prompts asked, and by which code is all
taken over, and an examination that says otherwise is refused. Items that the run does not hold stay missing. A replay of a
replay is one of the original, an imported run stays imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..runs.store import Manifest, RunReader, Sample, in_words, misstated
from ..types import SHAPING, Image, Item, Json, Request, Response, Sampling

if TYPE_CHECKING:
    from ..runs.evaluate import Examination

OF_THE_EXAMINATION = ("data_root", "subset")
"""What a replay records that is its own, not the stored run's."""


class ReplayEngine:
    """Answers each item and sample with what the stored run answered.

    Raises DataError if `path` is no run or was changed, UsageError for a replay of before that misstates what it replayed.
    """

    def __init__(self, path: Path) -> None:
        reader = RunReader(path)
        if lies := misstated(reader.manifest.identity):
            raise UsageError(
                f"{path} is a replay that misstates how its answers were got ({lies[0]}): name the original"
            )
        questions = reader.questions()
        self.path = path
        self.stored = reader.manifest
        self.name = self.stored.model_name or path.name
        self._asked = {one.item.id: _carried(one, path / "images") for one in questions.asked}
        self._prompts = dict(zip(self._asked, questions.each, strict=True))
        self._answers = {(one.item_id, one.sample): one for one in reader.responses()}

    @property
    def tells(self) -> frozenset[str]:
        """What the stored run holds of its answers' tokens."""
        told = [one.tokens.to_json().keys() for one in self._answers.values() if one.tokens is not None]
        return frozenset.intersection(*map(frozenset, told)) if told else frozenset()

    def identity(self) -> Mapping[str, Json]:
        """The identity of the model that the stored run asked."""
        return dict(self.stored.origin["model"])

    def versions(self) -> Mapping[str, str]:
        """The versions that the stored run recorded."""
        found = self.stored.environment.get("engine")
        return dict(found) if isinstance(found, Mapping) else {}

    def items(self) -> list[Item]:
        """The items that the stored run asked, in its order."""
        return [one.item for one in self._asked.values()]

    def drawn(self, setting: str) -> Json:
        """A setting of the sampling; None where an imported run does not know it."""
        known = self.stored.identity["sampling"]
        if setting in known:
            return known[setting]
        neutral = {**SHAPING, "stop": []}
        return neutral.get(setting) if "temperature" in known and "unknown" not in self.stored.origin["model"] else None

    def put_into(self, examination: Examination) -> Examination:
        """The same examination, with the stored prompts where they are no protocol's that could make them again.

        Raises UsageError if an item is asked something else than in the stored run.
        """
        if self.stored.prompted_by == self.stored.asked_by:
            return examination
        return dataclasses.replace(examination, asked=[self._as_stored(one) for one in examination.asked])

    def _as_stored(self, one: Sample) -> Sample:
        stored = self._asked.get(one.item.id)
        if stored is None:
            return one
        if _shown(one.item) != _shown(stored.item):
            raise UsageError(
                f"{self.path}: item {one.item.id!r:.60} is another one there: name the data that it was asked"
            )
        return Sample(one.item, stored.prompt)

    def taken_over(self, wanted: Manifest, asked: Sequence[Sample]) -> Manifest:
        """The manifest of an examination whose answers are this run's. Raises UsageError for what it says otherwise."""
        stored = self.stored
        self._check(wanted)
        for one in asked:
            known = self._prompts.get(one.item.id)
            if known is not None and known != one.prompt.digest():
                raise UsageError(
                    f"{self.path}: item {one.item.id!r:.60} was asked by another prompt than {wanted.asked_by} has for it "
                    "now: name the data that it was asked, or judge its answers by another protocol with `proctor score`"
                )
        tokens = {"tokens": True} if self.tells else {}
        identity = {**wanted.identity, "sampling": stored.identity["sampling"], "model": self.identity(), **tokens}
        own = {name: value for name, value in wanted.environment.items() if name in OF_THE_EXAMINATION}
        kept = {name: value for name, value in stored.environment.items() if name not in OF_THE_EXAMINATION}
        if kept.get("overlap") is not None and identity["data"] != stored.identity["data"]:
            kept["overlap"] = "unknown"
        replayed = {"run_id": stored.run_id, "seal": stored.seal}
        return Manifest(identity, {**kept, **own, "replayed": kept.get("replayed", replayed)})

    def check_suites(self, suites: Sequence[str]) -> None:
        """Raise UsageError for a suite that the stored run is not of."""
        for suite in suites:
            if suite != self.stored.suite:
                raise UsageError(f"{self.path} is of suite {self.stored.suite:.60}, not {suite}")

    def _check(self, wanted: Manifest) -> None:
        stored = self.stored
        self.check_suites([wanted.suite])
        if wanted.asked_by != stored.asked_by:
            raise UsageError(
                f"{self.path} was {in_words(stored.prompted_by)}, not by that of {wanted.asked_by}: a replay asks nobody; to "
                f"judge the stored answers by other rules, run `proctor score {self.path} --score-protocol {wanted.protocol}`"
            )
        self._check_sampling(wanted.sampling)

    def _check_sampling(self, wanted: Sampling) -> None:
        for name, value in wanted.to_json().items():
            if self.drawn(name) is not None:
                self.check_drawn(name, value)

    def check_drawn(self, setting: str, value: Json) -> None:
        """Raise UsageError if the answers were drawn by another value of a setting, or nobody knows by which."""
        value = list(value) if isinstance(value, tuple) else value
        if self.drawn(setting) == value:
            return
        name = {"n": "samples"}.get(setting, setting)
        known = "is not known" if self.drawn(setting) is None else f"is {self.drawn(setting)}"
        raise UsageError(
            f"{self.path}: {name} of the stored answers {known}, not {value}: a replay draws nothing; leave the option out"
        )

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Stored answers, in the order of the requests; an item that the run does not hold is an error.

        Raises UsageError for a sampling that the answers were not drawn by.
        """
        self._check_sampling(sampling)
        for request in requests:
            known = self._prompts.get(request.item_id)
            for sample in request.samples:
                stored = self._answers.get((request.item_id, sample))
                if stored is None:
                    stored = Response(request.item_id, sample, None, "the replayed run has no answer to it")
                elif known != request.prompt.digest():
                    stored = Response(request.item_id, sample, None, "the replayed run answers another prompt")
                yield stored


def _carried(one: Sample, kept: Path) -> Sample:
    """The sample with the bytes of those pictures in it that the stored run keeps: another run keeps them too."""

    def carried(image: Image) -> Image:
        own = isinstance(image.origin, Path) and image.origin.parent == kept
        return dataclasses.replace(image, origin=image.read()) if own else image

    item = dataclasses.replace(one.item, images=tuple(map(carried, one.item.images)))
    return Sample(item, one.prompt.with_images(carried))


def _shown(item: Item) -> tuple[object, ...]:
    """What of an item a prompt can show."""
    return item.question, item.choices, tuple(image.sha256 for image in item.images)


def open_engine(target: str, options: Mapping[str, str]) -> ReplayEngine:
    """Open a run directory. Raises UsageError if any option is given: there is none."""
    if options:
        raise UsageError(f"engine replay has no options, but {next(iter(options))!r} was given")
    return ReplayEngine(Path(target))
