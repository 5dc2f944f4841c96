"""Scored runs as a table: one row per model, suite and metric, written as CSV that is the same bytes for the same runs.

Which training of ours a run's checkpoint is of, as the run recorded it (`trainers.origin`).
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ...benchmarks.subset import shown_suite, told, which
from ...harness.answers import GRADER_VERSION
from ...harness.errors import DataError, printable
from ...harness.limits import BOARD_BYTES
from ...harness.report.csv_cells import from_cell, to_cell
from ...harness.runs.score import ScoredRun
from ...harness.runs.store import Manifest, in_words
from ...harness.stats.metrics import Metric
from ...harness.types import Json, canonical_json

_WHOLE = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, order=True)
class Row:
    """One number and everything that is needed to find and recompute the run behind it.

    `correct` of `total` are counts, blank where the metric is no share of counted things; `n` observations in `clusters`
    clusters enter it, of a run of `items` items; `subset` says which they are, as the run recorded it, where they are not
    all of its data, or those of a bundled sample. `status` is "complete"; "incomplete" when a question has no answer or
    verdict, and then there is no score; "partial" for a score of what there is; or "missing counted as wrong" for a score
    that counts each of the `missing` answers as a wrong one. `refused` answers are wrong ones, counted apart, and blank in
    boards of before. `referee` is the language model that
    took the protocol's steps, for `refereed` answers. `contamination` is the number of the run's items that the model was
    trained on, blank where that is unknown. How answers were drawn is blank where an imported run does not know it; `shaping`
    is JSON of what shaped them beside temperature and top_p, blank for nothing. `recipe`, `training_seed` and
    `training_step` are blank where no training of ours made the model. `evidence` is the digest of what the row can be
    recomputed from.
    """

    suite: str
    model: str
    protocol: str
    metric: str
    run_id: str
    status: str
    correct: int | None
    total: int | None
    n: int
    clusters: int
    items: int
    score: str
    stderr: str
    ci_low: str
    ci_high: str
    unparsed: int
    truncated: int
    refused: int | None
    errors: int
    unscored: int
    missing: int
    contamination: str
    referee: str
    refereed: int
    prompt_protocol: str
    protocol_version: str
    grader_version: str
    samples: int
    temperature: str
    top_p: str
    max_tokens: str
    seed: str
    engine: str
    engine_version: str
    weights: str
    configuration: str
    data: str
    images: str
    prompts: str
    responses: str
    proctor_version: str
    git_commit: str
    git_dirty: str
    recipe: str
    training_seed: str
    training_step: str
    subset: str
    shaping: str
    evidence: str

    @property
    def of_items(self) -> str:
        """Which items were asked, in words, by what is recorded, their digest and number; empty for a published set."""
        return which(self.suite, self.subset, self.data, self.items)

    @property
    def shown_suite(self) -> str:
        """The suite as a table shows it, with which of its items were asked."""
        return shown_suite(self.suite, self.of_items)

    @property
    def asked_otherwise(self) -> str:
        """Whose prompt asked, if it was not that of the protocol that judged; else empty."""
        if self.prompt_protocol == self.protocol:
            return ""
        return in_words(self.prompt_protocol)

    @property
    def judged_by(self) -> str:
        """The protocol that judged, and whose prompt asked if it was another's."""
        return ", ".join(filter(None, (self.protocol, self.asked_otherwise)))


COLUMNS = tuple(field.name for field in dataclasses.fields(Row))
EARLIER_COLUMNS = tuple(
    tuple(name for name in COLUMNS if name not in without)
    for without in (["refused"], ["refused", "subset", "shaping"])
)
"""Those of boards of before, which open and are verified as they are."""


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"


def interval_cells(low: float, high: float) -> tuple[str, str]:
    """The ends of an interval as a row has them."""
    return _number(low), _number(high)


def _text(value: Json) -> str:
    """A cell; what a terminal would act on, and what no CSV keeps, is spelled out."""
    return "" if value is None else printable(str(value))


def _mapping(value: Json) -> Mapping[str, Json]:
    """A part of a manifest that is for the record only; nothing if it is not in its form."""
    return value if isinstance(value, Mapping) else {}


def _contamination(recorded: Json) -> str:
    """What `trainers.overlap` recorded with the run; blank if that is "unknown" or nothing was recorded."""
    return _text(_mapping(recorded).get("overlapping"))


def rows(scored: ScoredRun, evidence: str = "") -> list[Row]:
    """A row for every metric of a scored run, `accuracy` first; `evidence` is the digest of its record."""
    return [row(scored, metric, evidence) for metric in scored.metrics]


def row(scored: ScoredRun, metric: Metric, evidence: str = "") -> Row:
    """One metric of a scored run. An undefined score is left blank, and so is any of an incomplete run, which would lie."""
    manifest = scored.run.manifest
    identity, environment = manifest.identity, manifest.environment
    estimate = metric.estimate
    numbers = (estimate.value, estimate.stderr, estimate.low, estimate.high)
    value, stderr, low, high = map(_number, numbers) if scored.shown(estimate) else ("", "", "", "")
    drawn, model = _mapping(manifest.origin.get("sampling")), identity["model"]
    engine, training = _mapping(environment.get("engine")), _mapping(environment.get("training"))
    return Row(
        suite=_text(manifest.suite),
        model=_text(manifest.model_name),
        protocol=scored.rules.name,
        metric=_text(metric.name),
        run_id=manifest.run_id,
        status=scored.status,
        correct=metric.correct,
        total=metric.total,
        n=estimate.n,
        clusters=estimate.clusters,
        items=int(identity["items"]),
        score=value,
        stderr=stderr,
        ci_low=low,
        ci_high=high,
        unparsed=scored.unparsed,
        truncated=scored.truncated,
        refused=scored.refused,
        errors=scored.errors,
        unscored=scored.unscored,
        missing=scored.missing,
        contamination=_contamination(environment.get("overlap")),
        referee=_text(scored.referee),
        refereed=scored.refereed,
        prompt_protocol=_text(manifest.prompted_by),
        protocol_version=scored.rules.version,
        grader_version=GRADER_VERSION,
        samples=manifest.sampling.n,
        temperature=_text(drawn.get("temperature")),
        top_p=_text(drawn.get("top_p")),
        max_tokens=_text(drawn.get("max_tokens")),
        seed=_text(drawn.get("seed")),
        engine=_text(model.get("engine")),
        engine_version=_text(" ".join(f"{name}={value}" for name, value in sorted(engine.items()))),
        weights=_text(model.get("weights")),
        configuration=_text(model.get("configuration")),
        data=str(identity["data"]),
        images=str(identity["images"]),
        prompts=str(identity["prompts"]),
        responses=_text((manifest.seal or {}).get("responses")),
        proctor_version=_text(_mapping(environment.get("packages")).get("proctor")),
        git_commit=_text(_mapping(environment.get("source")).get("commit")),
        git_dirty=_text(_mapping(environment.get("source")).get("dirty")),
        recipe=_text(training.get("recipe")),
        training_seed=_text(training.get("seed")),
        training_step=_text(training.get("step")),
        subset=told(manifest),
        shaping=canonical_json(shaping) if (shaping := manifest.sampling.shaping) else "",
        evidence=evidence,
    )


def to_csv(table: Iterable[Row], columns: Sequence[str] = COLUMNS) -> bytes:
    """UTF-8 CSV with a header, rows sorted, newline-ended; the same rows give the same bytes. No cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    values = ([getattr(one, name) for name in columns] for one in sorted(table))
    writer.writerows([to_cell(text) if isinstance(text, str) else text for text in row] for row in values)
    return text.getvalue().encode("utf-8", "backslashreplace")


def cells(one: Row) -> dict[str, str]:
    """A row as a CSV file has it."""
    (found,) = read_cells(to_csv([one]), "a row")
    return found


def read_cells(content: bytes, name: str) -> list[dict[str, str]]:
    """The rows of a table's CSV as text by column; one of before lacks the columns that were not there yet.

    Raises DataError for anything that is no such CSV.
    """
    try:
        lines = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        header = tuple(next(lines, []))
        if header not in (COLUMNS, *EARLIER_COLUMNS):
            wrong = sorted({*header} ^ {*COLUMNS}) or ["their order"]
            raise DataError(f"{name} is no board of this version: its columns differ ({', '.join(wrong)[:100]})")
        found = []
        for values in lines:
            if len(values) != len(header):
                raise DataError(f"{name}: line {lines.line_num} has {len(values)} cells, not {len(header)}")
            found.append(dict(zip(header, map(from_cell, values), strict=True)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name} is no CSV file in UTF-8: {error}") from error
    return found


def read_content(path: Path) -> bytes:
    """The bytes of a board's CSV. Raises DataError for what cannot be one."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > BOARD_BYTES:
            raise DataError(f"{path} is no board: no file, or one of more than {BOARD_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} is no board: {error.strerror}") from error


def read_csv(path: Path) -> list[Row]:
    """The rows of a board's CSV. Raises DataError for a file that is none, or holds a number that is none."""
    cells = read_cells(read_content(path), str(path))
    return [_row(one, f"{path}, row {number}") for number, one in enumerate(cells, 1)]


def _row(texts: Mapping[str, str], where: str) -> Row:
    values: dict[str, Any] = {**dict.fromkeys(COLUMNS, ""), **texts}
    for field in dataclasses.fields(Row):
        if field.type == "str":
            continue
        text = values[field.name]
        if text == "" and field.type == "int | None":
            values[field.name] = None
        elif _WHOLE.fullmatch(text):
            values[field.name] = int(text)
        else:
            raise DataError(f"{where}: {field.name} is {text!r:.40}, not a whole number")
    return Row(**values)


class Trained(NamedTuple):
    """A checkpoint of `recipe` with this training seed, after `step` steps.

    `base` is the digest of the weights that the training began with, `settings` that of everything in its recipe; both are
    empty in records of before they were kept.
    """

    recipe: str
    seed: int
    step: int
    base: str
    settings: str


def trained(manifest: Manifest) -> Trained | None:
    """None for a checkpoint that no training of ours is recorded of. A manifest is untrusted: so is the record."""
    recorded = manifest.environment.get("training")
    if not isinstance(recorded, Mapping):
        return None
    recipe, seed, step = (recorded.get(name) for name in ("recipe", "seed", "step"))
    base, settings = (recorded.get(name, "") for name in ("base", "settings"))
    if type(seed) is not int or type(step) is not int:
        return None
    if not (isinstance(recipe, str) and isinstance(base, str) and isinstance(settings, str)):
        return None
    return Trained(recipe, seed, step, base, settings)
