"""Protocols by name, for any suite.

One of a third party is known by the entry point `proctor.protocols`, or by its path, mine.py:MINE: a Protocol, or a function
of a suite that makes one which is called as the function is. It can be asked and judged by on every suite that has no
protocol of that name itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from typing import Protocol as Structure

from ...harness.errors import UsageError
from ...harness.registry import Origin, Registry
from ...harness.user_file import call, shown_value

if TYPE_CHECKING:
    from .base import Protocol


class HasProtocols(Structure):
    """A suite."""

    @property
    def protocols(self) -> Mapping[str, Protocol]:
        """Its own protocols by name."""
        ...


OfSuite: TypeAlias = "Callable[[Any], Protocol]"
"""(suite) -> its protocol."""


def strict(suite: HasProtocols) -> Protocol:
    """A boxed answer is asked for, any final answer counts, and the strict matcher judges it."""
    return suite.protocols["strict"]


def official(suite: HasProtocols) -> Protocol:
    """The benchmark's own prompt and rules, defects included."""
    return suite.protocols["official"]


def vlmevalkit(suite: HasProtocols) -> Protocol:
    """VLMEvalKit's prompt and rules."""
    return suite.protocols["vlmevalkit"]


def mm_upt(suite: HasProtocols) -> Protocol:
    """MM-UPT (arXiv 2505.22453): the content of the last box, judged by the strict matcher in a model's stead."""
    return suite.protocols["mm_upt"]


def mm_upt_judged(suite: HasProtocols) -> Protocol:
    """MM-UPT (arXiv 2505.22453): the content of the last box, judged by a language model."""
    return suite.protocols["mm_upt_judged"]


def self_judge(suite: HasProtocols) -> Protocol:
    """Actor-Judge's format (arXiv 2603.21289): a box after <think>...</think>, judged by the strict matcher."""
    return suite.protocols["self_judge"]


def _of_suite(loaded: Any, origin: Origin) -> OfSuite:
    """Raises UsageError for neither a Protocol nor a function, and later for a function that makes none of its name."""
    from .base import Protocol  # noqa: PLC0415  (the names alone are asked for by `proctor eval --help`, which is light)
    from .given import given_protocol  # noqa: PLC0415

    what = f"protocol {origin.shown}"
    if not isinstance(loaded, Protocol) and not callable(loaded):
        raise UsageError(f"{what} is neither a Protocol nor a function of a suite: {shown_value(loaded)}")

    def of_suite(suite: Any) -> Protocol:
        protocol = loaded if isinstance(loaded, Protocol) else call(what, loaded, suite)
        if not isinstance(protocol, Protocol):
            raise UsageError(f"{what} made no Protocol: {shown_value(protocol)}")
        if protocol.name != origin.name:
            raise UsageError(f"{what} made a protocol that is called {protocol.name!r:.60}, not {origin.name!r}")
        return given_protocol(protocol, origin, what)

    of_suite.__doc__, of_suite.__module__ = loaded.__doc__, getattr(loaded, "__module__", __name__)
    return of_suite


PROTOCOLS: Registry[OfSuite] = Registry(
    kind="protocol",
    group="proctor.protocols",
    builtin={
        "strict": "proctor.benchmarks.protocols.registry:strict",
        "official": "proctor.benchmarks.protocols.registry:official",
        "vlmevalkit": "proctor.benchmarks.protocols.registry:vlmevalkit",
        "mm_upt": "proctor.benchmarks.protocols.registry:mm_upt",
        "mm_upt_judged": "proctor.benchmarks.protocols.registry:mm_upt_judged",
        "self_judge": "proctor.benchmarks.protocols.registry:self_judge",
        "math_verify": "proctor.benchmarks.protocols.second_opinion:math_verify",
        "mathruler": "proctor.benchmarks.protocols.second_opinion:mathruler",
    },
    adapt=_of_suite,
    stored=True,
)
SECOND_OPINIONS = ("math_verify", "mathruler")
"""Built-in protocols of any suite that are made when they are asked for: they need libraries of an extra."""
