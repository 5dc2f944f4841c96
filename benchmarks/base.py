"""Suite: what the file of a benchmark provides, its own protocols and all that is known of how it is published among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..harness.errors import UsageError, did_you_mean
from ..harness.registry import NEAREST
from ..harness.settings import require, require_functions, require_name
from ..harness.stats.metrics import Measure, overall
from ..harness.types import Item
from ..harness.user_file import shown_value
from .items import ImageFolder, Parse, Record, read_items
from .protocols.base import AskItem, Protocol, boxed_prompt
from .protocols.common import NAMES, common_protocols
from .protocols.registry import PROTOCOLS, SECOND_OPINIONS
from .sources.local import open_local
from .sources.published import UNPUBLISHED, Published

SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Suite:
    """A benchmark. A complete one, which the entry point `mysuite = "mysuite:SUITE"` of `proctor.suites` makes known:

        from proctor.benchmarks.base import Item, Suite
        def parse(record, folder):
            image = folder.image(record, record.text("image"))
            return Item(record.text("id"), "mysuite", record.text("question"), record.text("answer"), "number", (image,))
        SUITE = Suite("mysuite", "My suite", parse)

    Its items are then asked of any file: `proctor eval --suite mysuite --data items.jsonl`. `parse` makes an item of one
    record of the file (and raises DataError on a malformed one); the fourth word after its id and suite is the gold, the
    fifth its type. Every suite has the protocols of `protocols.common`, over its boxed `prompt`. The rest is for what it has
    beside that: protocols of its own, such as its official one; `metrics`, every number that the benchmark prints of a run's
    items and verdicts, `accuracy` first; the forms in which it is `published`; and a `sample`, a JSON lines file with its
    pictures beside it, that is asked where no data are named.
    """

    name: str
    title: str
    parse: Parse
    prompt: AskItem = boxed_prompt
    own_protocols: tuple[Protocol, ...] = ()
    metrics: Measure = overall
    published: Published = UNPUBLISHED
    sample: Path | None = None

    def __post_init__(self) -> None:
        what = f"suite {shown_value(self.name)}"
        require_name(what, self.name)
        require_functions(what, self, "parse", "prompt", "metrics")
        require(
            [
                (f"{what}: its title must be a text", isinstance(self.title, str)),
                (f"{what}: own_protocols must be a tuple", isinstance(self.own_protocols, tuple)),
                (f"{what}: published must be a Published", isinstance(self.published, Published)),
                (f"{what}: sample must be a Path", isinstance(self.sample, Path | None)),
            ]
        )
        for protocol in self.own_protocols:
            if not isinstance(protocol, Protocol):
                raise UsageError(f"{what}: own_protocols must hold Protocols, not {shown_value(protocol)}")
            if protocol.name in (*NAMES, *SECOND_OPINIONS):
                raise UsageError(
                    f"suite {self.name}: {protocol.name} is what every suite has; call its own protocol otherwise"
                )

    @property
    def has_sample(self) -> bool:
        """True if it can be asked without data being named."""
        return self.sample is not None

    @property
    def imitates(self) -> bool:
        """True if its sample only imitates a published original: a score on it is none of the benchmark."""
        return self.sample is not None and self.published != UNPUBLISHED

    def load(self, data: Path | None = None) -> list[Item]:
        """The items of a local file or folder (`sources.local`; images relative to it), or of the sample.

        Raises DataError that tells of every missing file or image, broken line, missing column and repeated id; UsageError
        if no data are named and there is no sample.
        """
        path = data or self.sample
        if path is None:
            raise UsageError(f"suite {self.name} has no sample: name its data with --data")
        return read_items(open_local(self.published, path), self.parse)

    @cached_property
    def sample_size(self) -> int:
        """How many items its sample has, counted once: a drawn one takes half a second to draw."""
        return len(self.load())

    @cached_property
    def protocols(self) -> Mapping[str, Protocol]:
        """The protocols by name: `strict`, its own, and the others that every suite has."""
        strict, *common = common_protocols(self.prompt)
        return {protocol.name: protocol for protocol in (strict, *self.own_protocols, *common)}

    def has_protocol(self, name: str) -> bool:
        """True for a protocol of its own, and for one that is for any suite: a second opinion, or of a package or a file."""
        return name in self.protocols or (name not in _of_some_suites() and name in PROTOCOLS)

    def protocol(self, name: str) -> Protocol:
        """The suite's protocol of that name, or one for any suite (PROTOCOLS). Raises UsageError, naming those there are."""
        if name in self.protocols:
            return self.protocols[name]
        if not self.has_protocol(name):
            names = sorted({*self.protocols, *PROTOCOLS.names()} - (_of_some_suites() - self.protocols.keys()))
            problem = (
                f"suite {self.name} has no protocol {name!r:.80}{did_you_mean(name, names, NEAREST, lead='it has')}"
            )
            raise UsageError(f"{problem}{PROTOCOLS.or_yours}")
        return PROTOCOLS.get(name)(self)


def _of_some_suites() -> set[str]:
    """The built-in protocols that are a suite's only if it says so."""
    return PROTOCOLS.builtin.keys() - SECOND_OPINIONS


__all__ = ["SAMPLES", "ImageFolder", "Item", "Protocol", "Record", "Suite", "boxed_prompt"]
