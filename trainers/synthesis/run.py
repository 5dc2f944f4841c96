"""A synthesis from its first question to its last: ask for questions, ask them, keep what the rules let pass.

Three things are asked, each a run of its own in the folder: `originals` (in_context only: the set's own questions, for the
answer that most replies state), `questions` and `answers`. Everything random is drawn from the seed and the item, so that an
interrupted synthesis that goes on ends with the same questions as one that was not interrupted.

Questions are made about a folder of pictures, or the items of a training set or suite without their labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import ascii_uppercase

from ...benchmarks.drawn.suite import drawn_suite
from ...benchmarks.items import ImageFolder, Problems, Record, inline
from ...benchmarks.lock import HUB_DATA, LOCK, load_locked
from ...benchmarks.protocols.base import lettered
from ...benchmarks.registry import SUITES
from ...harness.answers.vote import vote
from ...harness.engines.base import Engine
from ...harness.errors import DataError, UsageError
from ...harness.images import decode
from ...harness.limits import PICTURE_ASPECT, PICTURE_BYTES
from ...harness.runs.store import Sample
from ...harness.types import Item, Json, Prompt, digest_all, sample_seed
from ...harness.untrusted_text import MOST_SHOWN, filled, one_line
from ..base import make_group
from ..data import MARK, TITLES, UNLABELLED, data_set
from ..methods.student import OnProgress, StoredStudent
from ..methods.toolbox import one_item_per_image
from ..recipe import PromptSettings
from ..recipe_settings import DIRECT, SynthesisSettings
from ..sampler import training_prompts, unlabelled
from .folder import ASKED, SUFFIXES, SynthesisFolder, Synthesized
from .selection import RULES, Proposed, Selection, Voted, originals
from .stored import NAME, new_item

DRAWN = 512
"""So many questions of a drawn suite are drawn where no limit says how many."""


@dataclass(frozen=True)
class PromptSource:
    """Items in their order, without labels; `name` is for the record."""

    name: str
    items: Sequence[Item]

    @property
    def digest(self) -> str:
        """SHA-256 over the items, and through them over their pictures."""
        return digest_all(item.to_json() for item in self.items)


def open_source(name: str, data: Path | None, limit: int | None, seed: int, lock: Path = LOCK) -> PromptSource:
    """The first `limit` items of a training set or suite of that name, else the pictures of the folder `name`.

    Training sets are of the hub unless `data` says where, suites are the bundled sample, and a drawn suite's questions those
    of its training split.
    Raises UsageError for neither, DataError for bad data or pictures.
    """
    if data is None and drawn_suite(name) is not None:
        return PromptSource(
            name, [unlabelled(item) for item in training_prompts(PromptSettings(name), seed)(0, limit or DRAWN)]
        )
    if name in TITLES or name in SUITES.names():
        items = load_locked(data_set(name), data or (HUB_DATA if name in TITLES else None), lock)[:limit]
        return PromptSource(name, [unlabelled(item) for item in items])
    if data is not None:
        raise UsageError(f"--data belongs to a set by name, and {name!r:.80} is none: {_known()}")
    if not Path(name).is_dir():
        raise UsageError(f"{name!r:.80} is no folder of pictures, and no set: {_known()}")
    return PromptSource(name, _pictures(Path(name), limit))


def _known() -> str:
    return f"there are {', '.join((*TITLES, *SUITES.names()))}"


def _pictures(root: Path, limit: int | None) -> list[Item]:
    """The pictures of a folder and its subfolders, by name; hidden ones do not count. Raises DataError that tells of each
    that is too large, cannot be decoded or lies outside the folder.
    """
    names = sorted(_names(root))[:limit]
    if not names:
        raise DataError(f"{root}: no picture ({', '.join(SUFFIXES)}) in this folder")
    problems, items = Problems(str(root)), []
    for link in (path for path in root.rglob("*") if path.is_symlink() and path.is_dir()):
        problems.add(DataError(f"{link}: a link to a folder is not followed: name that folder, or remove the link"))
    for name in names:
        try:
            items.append(_picture(root, name))
        except DataError as problem:
            problems.add(problem)
    if problems.count:
        raise problems.error()
    return items


def _names(root: Path) -> Iterator[str]:
    for file in root.rglob("*"):
        name = file.relative_to(root)
        if file.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in name.parts) and file.is_file():
            yield name.as_posix()


def _picture(root: Path, name: str) -> Item:
    record = Record({}, str(root / name))
    if (root / name).stat().st_size > PICTURE_BYTES:
        raise record.error(f"the picture has more than {PICTURE_BYTES} bytes")
    image = ImageFolder(root).image(record, name)
    sides = decode(image).size
    if max(sides) > PICTURE_ASPECT * min(sides):
        raise record.error(f"the picture is too long and thin ({sides[0]} x {sides[1]})")
    answer, answer_type = UNLABELLED
    return Item(name, "pictures", "", answer, answer_type, images=(image,), cluster=name)


@dataclass(frozen=True)
class PromptBuilders:
    """How things are put to the model: an item of the source, an item of the synthesized set, a request for a question.

    `name` says it in words, for the identity.
    """

    name: str
    original: Callable[[Item], Prompt]
    new: Callable[[Item], Prompt]
    request: Callable[[Prompt], Prompt]


@dataclass(frozen=True)
class Author:
    """The model that writes and answers: what it is, and how it is opened when it is first needed."""

    identity: Mapping[str, Json]
    open_model: Callable[[], Engine]


@dataclass(frozen=True)
class Synthesis:
    """What is to be synthesized, by whom, how."""

    source: PromptSource
    settings: SynthesisSettings
    author: Author
    builders: PromptBuilders
    seed: int
    progress: OnProgress = field(default=lambda done, total, name: None)

    def run(self, path: Path) -> Synthesized:
        """Synthesize into the folder `path`, or go on there; one that is whole is returned as it is.

        Raises DataError for a source without pictures (or questions, where the model is to see them), and if fewer than
        settings.least questions are kept; IncompleteRunError if answers cannot be had; RunMismatchError if the folder is of
        another synthesis; UsageError, RunLockedError, StoreError and EngineError.
        """
        items = self._usable()
        with SynthesisFolder(path, self.identity(), {"source": self.source.name}) as folder:
            return folder.whole or _Run(self, folder, items).to_the_end()

    def identity(self) -> Json:
        """What going on must agree with."""
        return {
            "source": self.source.digest,
            "settings": self.settings.to_json(),
            "manners": self.builders.name,
            "model": dict(self.author.identity),
            "seed": self.seed,
        }

    def _usable(self) -> list[Item]:
        """The source's items with pictures; for `direct` each picture once, without its question."""
        direct = self.settings.how == DIRECT
        if direct:
            usable = [replace(item, question="", choices=()) for item in one_item_per_image(self.source.items)]
        else:
            usable = [item for item in self.source.items if item.images and item.question]
        if not usable:
            needed = "a picture" if direct else "a picture and a question (with --how direct a picture is enough)"
            raise DataError(f"{self.source.name}: none of {len(self.source.items)} items has {needed}")
        return usable


class _Run:
    def __init__(self, synthesis: Synthesis, folder: SynthesisFolder, items: Sequence[Item]) -> None:
        self.synthesis, self.settings, self.folder = synthesis, synthesis.settings, folder
        self.items = [replace(item, images=tuple(map(folder.keep, item.images))) for item in items]
        self.student = StoredStudent(NAME, folder.path / ASKED, synthesis.author.open_model, synthesis.progress)
        self.selection = Selection(self.settings)

    def to_the_end(self) -> Synthesized:
        items = self.items
        requests = [self._direct(item) for item in items] if self.settings.how == DIRECT else self._in_context()
        proposed = self._propose([request for request in requests if request is not None])
        voted = self._weigh(proposed)
        counts = self._counts(len(items), requests)
        self.folder.reject(self.selection.rejected)
        if len(voted) < self.settings.least:
            raise DataError(self._too_little(len(voted), counts))
        return self.folder.finish(map(self._row, voted), counts)

    def _ask(self, name: str, samples: Sequence[Sample], n: int) -> list[tuple[str, ...]]:
        """n texts to each question."""
        sampling = self.settings.sampling(n, sample_seed(self.synthesis.seed, f"synthesis {name}", 0) >> 1)
        return [tuple(response.text or "" for response in row) for row in self.student.ask(name, samples, sampling)]

    def _direct(self, item: Item) -> Sample:
        return Sample(item, self.synthesis.builders.request(Prompt((*item.images, self.settings.direct))))

    def _in_context(self) -> list[Sample | None]:
        """The requests for further questions; None for an item of which no reply states an answer."""
        samples = [Sample(item, self.synthesis.builders.original(item)) for item in self.items]
        replies = self._ask("originals", samples, self.settings.samples)
        return [self._further(item, texts) for item, texts in zip(self.items, replies, strict=True)]

    def _further(self, item: Item, texts: Sequence[str]) -> Sample | None:
        ballots = make_group(item, texts, needs_gold=False).ballots
        winner = vote(item.id, ballots, item.choices).winner
        if winner is None:
            return None
        answer = one_line(ballots[winner[0]] or "", MOST_SHOWN)
        text = filled(self.settings.in_context, question=shown_question(item), answer=answer)
        return Sample(item, self.synthesis.builders.request(Prompt((*item.images, text))))

    def _propose(self, requests: Sequence[Sample]) -> list[Proposed]:
        words_by_picture = originals(self.items)
        replies = self._ask("questions", requests, self.settings.per_image)
        proposals = (
            self.selection.propose(request.item, texts, words_by_picture)
            for request, texts in zip(requests, replies, strict=True)
        )
        return [proposed for some in proposals for proposed in some]

    def _weigh(self, proposed: Sequence[Proposed]) -> list[Voted]:
        items = [new_item(question.item_id, question.text, question.source.images) for question in proposed]
        samples = [Sample(item, self.synthesis.builders.new(item)) for item in items]
        replies = self._ask("answers", samples, self.settings.samples)
        weighed = map(self.selection.weigh, proposed, items, replies)
        return [voted for voted in weighed if voted is not None]

    def _counts(self, items: int, requests: Sequence[Sample | None]) -> dict[str, int]:
        unanswered = sum(request is None for request in requests)
        counts = self.selection.counts
        return {
            "items left out": len(self.synthesis.source.items) - items,
            "items": items,
            "originals without an answer": unanswered,
            "replies": (items - unanswered) * self.settings.per_image,
            **{rule: counts[rule] for rule in RULES},
            "kept": counts["kept"],
        }

    def _too_little(self, questions: int, counts: Mapping[str, int]) -> str:
        fates = ", ".join(f"{count} {name}" for name, count in counts.items() if count and name != "kept")
        return (
            f"{self.folder.path}: {questions} questions were kept, fewer than least = {self.settings.least}: "
            f"{fates}; needed: "
            "replies with a question between <question> tags or ending in '?', whose answers agree; see rejected.jsonl"
        )

    def _row(self, voted: Voted) -> Json:
        proposed = voted.proposed
        images = proposed.source.images
        return {
            "id": proposed.item_id,
            "question": proposed.text,
            "images": [image.name for image in images],
            "sha256": [image.sha256 for image in images],
            "how": self.settings.how,
            "source": proposed.source.id,
            "sample": proposed.sample,
            "majority": voted.majority,
            "share": voted.share,
            "answered": voted.answered,
        }


def shown_question(item: Item) -> str:
    """The question without marks of pictures, and with its options unless it holds them or they are only their letters."""
    text = item.question.replace(MARK, "").strip()
    only_letters = all(option.strip() == letter for letter, option in zip(ascii_uppercase, item.choices, strict=False))
    if only_letters or len(inline(text)) == len(item.choices):
        return text
    return f"{text}\nChoices:\n{lettered(item.choices)}"
