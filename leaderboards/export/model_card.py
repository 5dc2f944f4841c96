"""A model's scores in its card: a section between markers, and the card's metadata if wanted. The rest stays as it is."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.registry import SUITES
from ...harness.errors import DataError, MissingExtraError, UsageError, install
from ...harness.files import write_output
from ...harness.limits import MODEL_CARD_BYTES
from ...harness.types import Json
from ..board.load_rows import as_share
from ..board.table import Row
from .hub import place_of
from .markdown import HEADLINE, rows_of, unpublishable

try:
    import yaml
    from huggingface_hub import EvalResult, ModelCard
    from huggingface_hub.repocard import REGEX_YAML_BLOCK
    from huggingface_hub.repocard_data import eval_results_to_model_index
except ImportError as error:
    raise MissingExtraError(
        f"model cards need huggingface_hub 1.4 or newer and yaml: {install('boards')} ({error})"
    ) from error

BYTE_ORDER_MARK = "\ufeff"
TASK = "image-text-to-text"
_INDEX = "model-index"


@dataclass(frozen=True)
class Markers:
    """The lines between which a text of ours stands; what is between them is replaced, and nothing else."""

    begin: str
    end: str

    def put(self, text: str, ours: str, newline: str, name: str) -> str:
        """The text with ours between the markers, which are added at the end if they are not there.

        Raises UsageError unless each marker is there once, in order, or neither is, and for a marker in our text.
        """
        if self.begin in ours or self.end in ours:
            raise UsageError(f"{name}: what is to be written holds a marker, {self.begin!r} or {self.end!r}")
        block = newline.join([self.begin, *ours.rstrip("\n").split("\n"), self.end])
        counts = text.count(self.begin), text.count(self.end)
        if counts == (0, 0):
            return text + block + newline
        before, _, rest = text.partition(self.begin)
        _, found, after = rest.partition(self.end)
        if counts != (1, 1) or not found:
            raise UsageError(
                f"{name}: the markers {self.begin!r} and {self.end!r} must stand there once each, in order"
            )
        return before + block + after


SECTION = Markers("<!-- proctor:results:begin -->", "<!-- proctor:results:end -->")
METADATA = Markers("# proctor:results:begin", "# proctor:results:end")


def read_card(path: Path) -> str:
    """The text of a card, newlines as they are; nothing if there is no such file. Raises DataError for any other trouble."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path} is no regular file: no model card")
        with path.open("rb") as file:
            content = file.read(MODEL_CARD_BYTES + 1)
        if len(content) > MODEL_CARD_BYTES:
            raise DataError(f"{path} has more than {MODEL_CARD_BYTES} bytes: no model card")
        return content.decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path} as text in UTF-8: {error}") from error


def write_card(path: Path, text: str) -> None:
    """Replace the card in one step. Raises StoreError if that fails, UsageError for a file of a stored run."""
    write_output(path, text.encode())


def with_section(card: str, section: str, name: str) -> str:
    """The card with the section, in place of the one that is there or at the end. Raises UsageError for broken markers."""
    newline = _newline(card)
    if card and SECTION.begin not in card:
        card += newline if card.endswith("\n") else 2 * newline
    return SECTION.put(card, section, newline, name)


def with_model_index(card: str, model: str, rows: Sequence[Row], name: str) -> str:
    """The card with its metadata's `model-index`, read back with huggingface_hub. Only whole published sets are in it.

    Raises UsageError if there is nothing to put in, or a `model-index` of another origin is there; DataError if the
    metadata cannot be read.
    """
    results = _results(model, rows)
    ours = yaml.safe_dump({_INDEX: eval_results_to_model_index(model, results)}, sort_keys=False, allow_unicode=True)
    mark = BYTE_ORDER_MARK if card.startswith(BYTE_ORDER_MARK) else ""
    body, newline = card.removeprefix(mark), _newline(card)
    found = REGEX_YAML_BLOCK.match(body)
    if found is None:
        body = newline.join(["---", METADATA.put("", ours, newline, name).rstrip("\r\n"), "---", body])
    else:
        inner = found[2] if METADATA.begin in found[2] else found[2] + newline
        block = METADATA.put(inner, ours, newline, name)
        body = found[1] + block.removesuffix(newline) + found[3] + body[found.end() :]
    _check(body, model, results, name)
    return mark + body


def _newline(text: str) -> str:
    """How lines of a text end: as its first does."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def _results(model: str, rows: Sequence[Row]) -> list[EvalResult]:
    found = []
    for row in rows_of(model, rows):
        if row.metric != HEADLINE or unpublishable(row):
            continue
        try:
            place = place_of(row, {})
        except UsageError:  # no data set of the hub can show it; the section does
            continue
        found.append(
            EvalResult(
                task_type=TASK,
                dataset_type=place.published.path,
                dataset_name=f"{SUITES.get(row.suite).title} ({place.set_name})",
                dataset_config=place.published.config,
                metric_type=HEADLINE,
                metric_value=round(100 * (as_share(row.score, "score") or 0.0), 4),
                metric_name=f"{HEADLINE}, protocol {row.judged_by}, run {row.run_id}",
            )
        )
    if not found:
        raise UsageError(
            f"model {model!r} has no complete run of a whole set that is on the hub, for the card's metadata"
        )
    return found


def _check(card: str, model: str, results: Sequence[EvalResult], name: str) -> None:
    """Raise unless huggingface_hub reads in the card what was put there, and nothing else claims the same entry."""
    try:
        found = REGEX_YAML_BLOCK.match(card)
        inner = found[2] if found else ""
        before, _, rest = inner.partition(METADATA.begin)
        others = yaml.safe_load(before + rest.partition(METADATA.end)[2]) or {}
        if _INDEX in others:
            raise UsageError(f"{name}: its metadata have a {_INDEX} of another origin: remove it first")
        data: Json = ModelCard(card).data
        read = data.model_name, data.eval_results
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise DataError(f"{name}: its metadata cannot be read: {str(error).splitlines()[0][:120]}") from error
    if read != (model, list(results)):
        raise DataError(f"{name}: its metadata would be read otherwise than they were written")
