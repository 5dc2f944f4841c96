"""Which items of a data set are asked: all, the first, a sample of whole clusters, or those that a file names.

A run records what it was (`record`), so that it is told wherever its score stands, and can be made again from the data. A
bundled sample, which imitates a published benchmark, is told the same way: it is not the benchmark.

The rule of a sample: clusters (items that stand or fall together) in the order of the SHA-256 of "SEED NUL CLUSTER", whole,
until there are N items or more; a larger sample of the same seed holds the smaller one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..harness.errors import DataError, UsageError, printable
from ..harness.files import check_regular
from ..harness.report.text import counted, first_of
from ..harness.runs.evaluate import Examination
from ..harness.runs.store import Manifest
from ..harness.stats.metrics import cluster
from ..harness.types import Item, Json, digest_all
from .registry import SUITES

ALL, FIRST, SAMPLE, IDS = "all", "first", "sample", "ids"
SUBSET = "subset"
"""What the record is called in a run's environment."""
MAX_IDS_BYTES = 64 * 2**20
NAMED = 3
DIGITS = 8


@dataclass(frozen=True)
class Choice:
    """Which items are asked. `n` is of FIRST and SAMPLE, `seed` of SAMPLE; `ids` and the name of their `file` of IDS."""

    rule: str = ALL
    n: int = 0
    seed: int = 0
    ids: tuple[str, ...] = ()
    file: str = ""

    @classmethod
    def first(cls, n: int | None) -> Choice:
        """The first n items; all for None. Raises UsageError for a number below 1."""
        if n is not None and n < 1:
            raise UsageError(f"the limit must be at least 1, not {n}")
        return cls() if n is None else cls(FIRST, n)

    @classmethod
    def sample(cls, n: int, seed: int) -> Choice:
        """Whole clusters, drawn by a seed until there are n items. Raises UsageError for a number below 1."""
        if n < 1:
            raise UsageError(f"a sample must have at least 1 item, not {n}")
        return cls(SAMPLE, n, seed)

    @classmethod
    def of_file(cls, file: Path) -> Choice:
        """The items whose ids a file names, one a line, or as `id` (or `item_id`) of JSON lines. Raises DataError."""
        return cls(IDS, ids=tuple(dict.fromkeys(_ids(file))), file=file.name)

    def choose(self, items: Sequence[Item]) -> list[Item]:
        """Those of the items that are asked, in their order. Raises UsageError for an id that no item has."""
        if self.rule == FIRST:
            return list(items[: self.n])
        if self.rule == SAMPLE:
            drawn = _drawn(items, self.n, self.seed)
            return [item for item in items if item.id in drawn]
        if self.rule == IDS:
            if unknown := sorted({*self.ids} - {item.id for item in items}):
                many = counted(len(unknown), "id is", "ids are")
                raise UsageError(printable(f"{self.file}: {many} of no item of the data: {first_of(unknown, NAMED)}"))
            wanted = {*self.ids}
            return [item for item in items if item.id in wanted]
        return list(items)

    def record(self, items: Sequence[Item], *, bundled: bool = False) -> Json:
        """What a run keeps of it: the rule, and of which data; None for all items of data that are no bundled sample.

        A choice that leaves nothing out is of all items.
        """
        rule = ALL if len(self.choose(items)) == len(items) else self.rule
        if rule == ALL and not bundled:
            return None
        numbers = {FIRST: {"n": self.n}, SAMPLE: {"n": self.n, "seed": self.seed}}.get(rule, {})
        named = (
            {"n": len(self.ids), "file": printable(self.file)[:80], "ids": ids_digest(self.ids)} if rule == IDS else {}
        )
        of = {"of": len(items), "data": digest_all(item.to_json() for item in items), "bundled": bundled}
        return {"rule": rule, **numbers, **named, **of}


def _drawn(items: Sequence[Item], n: int, seed: int) -> set[str]:
    members: dict[str, list[str]] = {}
    for item in items:
        members.setdefault(cluster(item), []).append(item.id)
    drawn: set[str] = set()
    for name in sorted(members, key=lambda name: (_place(seed, name), name)):
        if len(drawn) >= n:
            break
        drawn.update(members[name])
    return drawn


def _place(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\x00{name}".encode("utf-8", "surrogatepass")).digest()


def ids_digest(ids: Iterable[str]) -> str:
    """Of a set of ids, in whatever order they come."""
    return digest_all(sorted({*ids}))


def _ids(file: Path) -> Iterable[str]:
    check_regular(file)
    try:
        if file.stat().st_size > MAX_IDS_BYTES:
            raise DataError(f"{file} has more than {MAX_IDS_BYTES} bytes: no list of ids")
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is no list of ids in UTF-8: {error}") from error
    found = [_id(line.strip(), f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise DataError(f"{file} names no id: write one a line, or JSON lines with `id`")
    return found


def _id(line: str, where: str) -> str:
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: no JSON object ({str(error)[:80]})") from error
    found = record.get("id", record.get("item_id"))
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise DataError(f"{where}: the object has no `id`")
    return str(found)


@dataclass(frozen=True)
class Asked:
    """What a run recorded of which items it asked; `told` says it in words."""

    choice: Choice
    of: int
    data: str
    bundled: bool
    ids: str = ""

    @property
    def partial(self) -> bool:
        """True if it asked less than all of its data."""
        return self.choice.rule != ALL

    def told(self, items: int) -> str:
        """In words, for a run of so many items."""
        choice = self.choice
        part = {
            ALL: f"{self.of} items",
            FIRST: f"first {choice.n} of {self.of}",
            SAMPLE: f"sample of {choice.n}, seed {choice.seed}: {items} of {self.of}",
            IDS: f"{choice.n} ids of {choice.file}@{self.ids[:DIGITS]}, of {self.of}",
        }[choice.rule]
        return f"bundled sample, {part}" if self.bundled else part

    def contradicted(self, items: Sequence[Item], known: Sequence[Item] | None) -> str | None:
        """Why the items are not those that it says, as far as can be seen; `known` are all items of its data."""
        choice, ids = self.choice, [item.id for item in items]
        right = {
            ALL: len(ids) == self.of,
            FIRST: len(ids) == choice.n < self.of,
            SAMPLE: choice.n <= len(ids) < self.of,
            IDS: len(ids) == choice.n < self.of and ids_digest(ids) == self.ids,
        }[choice.rule]
        if right and known is not None and choice.rule != IDS:
            right = ids == [item.id for item in choice.choose(known)]
        return None if right else f"the run says that it asked the {self.told(len(ids))}, and its items are others"


def asked_of(manifest: Manifest) -> Asked | None:
    """What a run recorded of which items it asked; None for all of its data. Raises DataError for what is no such record."""
    record = manifest.environment.get(SUBSET)
    try:
        return None if record is None else read_record(record)
    except DataError as error:
        raise DataError(f"run {manifest.run_id}: {error}") from error


def read_record(record: Json) -> Asked:
    """What `Choice.record` gave. Raises DataError for anything else."""
    try:
        numbers = [record[name] for name in ("n", "seed", "of") if name in record]
        if any(type(one) is not int for one in numbers) or record["rule"] not in (ALL, FIRST, SAMPLE, IDS):
            raise TypeError("a number that is none")
        choice = Choice(record["rule"], record.get("n", 0), record.get("seed", 0), file=str(record.get("file", "")))
        return Asked(choice, record["of"], str(record["data"]), record["bundled"] is True, str(record.get("ids", "")))
    except (LookupError, TypeError, AttributeError) as error:
        raise DataError(f"what it says of the items that it asked is damaged ({error})") from error


def told(manifest: Manifest) -> str:
    """Which items a run asked, in words, as it recorded it; empty for all, and for runs that recorded nothing of it."""
    items, asked = int(manifest.identity["items"]), asked_of(manifest)
    if of := only_answered(manifest):
        return f"{'bundled sample, ' if asked and asked.bundled else ''}the {items} answered of {of}"
    return "" if asked is None else printable(asked.told(items))


def only_answered(manifest: Manifest) -> int:
    """Of how many items those are that an imported run has because its file answers them; 0 for any other run."""
    model = manifest.identity["model"]
    answered = model.get("only_answered") if isinstance(model, Mapping) else None
    of = answered.get("of") if isinstance(answered, Mapping) else None
    return of if type(of) is int else 0


@lru_cache
def _bundled(suite: str) -> str:
    return digest_all(item.to_json() for item in SUITES.get(suite).load())


def is_bundled(suite: str, data: str) -> bool:
    """True if data of that digest are the bundled sample that imitates the published original of the suite."""
    try:
        return SUITES.get(suite).imitates and _bundled(suite) == data
    except UsageError:  # not installed
        return False


def of_bundled_sample(manifest: Manifest) -> bool:
    """True if a run asked items of the bundled sample that imitates the published original of its suite."""
    asked = asked_of(manifest)
    return (asked is not None and asked.bundled) or is_bundled(manifest.suite, str(manifest.identity["data"]))


def which(suite: str, recorded: str, data: str, items: int) -> str:
    """Which items of a suite were asked, in words; empty for a published set, or where nothing is known.

    `recorded` is what the run says of it, `data` the digest of its so many items.
    """
    if recorded:
        return recorded
    if is_bundled(suite, data):
        return f"bundled sample, {items} items"
    try:
        sizes = SUITES.get(suite).published.sizes
    except UsageError:
        return ""
    return f"{items} items, no published set" if sizes and items not in sizes.values() else ""


def which_of(manifest: Manifest) -> str:
    """Which items of its suite a run asked, in words; see `which`."""
    return which(manifest.suite, told(manifest), str(manifest.identity["data"]), int(manifest.identity["items"]))


def shown_suite(suite: str, found: str) -> str:
    """A suite as a table shows it, with which of its items were asked."""
    return f"{suite} ({found})" if found else suite


def suite_of(manifest: Manifest) -> str:
    """A run's suite as a table shows it."""
    return shown_suite(printable(manifest.suite), which_of(manifest))


def shown_examination(examination: Examination) -> str:
    """The suite of an examination as a table will show it."""
    record = examination.recorded.get(SUBSET)
    asked = None if record is None else read_record(record)
    return shown_suite(examination.suite, "" if asked is None else printable(asked.told(len(examination.asked))))
