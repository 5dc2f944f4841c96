"""What a checkpoint scored, and by how much it differs from the base that it was trained from: a line for each suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ProctorError
from ..files import RUN_FILE
from ..report.text import interval, p_value

if TYPE_CHECKING:
    from ..runs.score import ScoredRun
    from ..runs.store import Manifest

SMALLEST = 0.0001
"""A smaller p is only said to be smaller."""


@dataclass
class CheckpointScores:
    """Says it of the checkpoints of `training`; the base's runs are looked for in the folder `runs`."""

    training: Path
    runs: Path
    _bases: dict[tuple[str, ...], ScoredRun] = field(default_factory=dict)
    _weights: str | None = None

    def lines(self, paths: Sequence[Path]) -> Iterator[str]:
        """One for each run."""
        from ...benchmarks.examination import score_run

        for path in paths:
            try:
                yield self._line(score_run(path))
            except ProctorError as error:
                yield f"no score: {error}"

    def _line(self, scored: ScoredRun) -> str:
        from ...leaderboards.compare.compare import compare

        estimate, manifest = scored.accuracy().estimate, scored.run.manifest
        if not scored.shown(estimate):
            return f"{manifest.suite}: no score: {scored.unscored} answers without a verdict, {scored.missing} missing"
        low, high = estimate.low, estimate.high
        line = f"{manifest.suite}: {100 * estimate.value:.1f}% ({interval(low, high, clusters=estimate.clusters)})"
        base = self._base(manifest)
        if base is None:
            return line if not self._base_weights() else f"{line}; no run of the base to compare with in {self.runs}"
        found = compare(base, scored)
        between = interval(found.low, found.high, signed=True, clusters=found.clusters)
        p = p_value(found.p) if found.p < SMALLEST else f"= {p_value(found.p)}"
        return f"{line}, {100 * found.value:+.1f} points to the base ({between}), p {p}"

    def _base(self, like: Manifest) -> ScoredRun | None:
        """The base's complete run that was asked the same in the same way; None if there is none."""
        weights = self._base_weights()
        key = tuple(str(like.identity.get(name)) for name in ("suite", "data", "prompts", "sampling", "protocol"))
        if weights and key not in self._bases:
            for file in sorted(self.runs.glob(f"*/{RUN_FILE}")):
                if (found := _same(file.parent, key, weights)) is not None:
                    self._bases[key] = found
                    break
        return self._bases.get(key)

    def _base_weights(self) -> str:
        """The digest of the weights that the training began with; empty for checkpoints of other programs."""
        from ...trainers.provenance import trained_by

        if not self._weights:
            try:
                self._weights = trained_by(self.training).base
            except ProctorError:
                self._weights = ""
        return self._weights


def _same(run: Path, key: tuple[str, ...], weights: str) -> ScoredRun | None:
    """The run, scored, if it is complete, of these weights, and asked as `key` says."""
    from ...benchmarks.examination import score_run
    from ..runs.store import Manifest

    try:
        manifest = Manifest.read(run)
        asked = tuple(str(manifest.identity.get(name)) for name in ("suite", "data", "prompts", "sampling", "protocol"))
        if asked != key or manifest.seal is None or manifest.identity["model"].get("weights") != weights:
            return None
        scored = score_run(run)
    except ProctorError:
        return None
    return scored if scored.complete else None
