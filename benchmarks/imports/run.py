"""An imported file as a run: its answers, the items they belong to, and what is not known, named as such.

In the identity, `model` names the tool and the file's digest in the place of weights, and whose the prompts are
(`attach.Attached.prompt`). `sampling` has only `n` and what the file says: an entry that is not there is unknown, and is
listed in `model.unknown`.

Which tool wrote a file: told by its columns, never by its name alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ...harness.engines.base import Engine
from ...harness.errors import DataError, UsageError
from ...harness.files import check_regular
from ...harness.runs.evaluate import Examination, RunOutcome
from ...harness.runs.provenance import file_sha256
from ...harness.runs.store import Manifest, RunReader, RunWriter, Sample
from ...harness.types import Json, Request, Response, Sampling
from ..base import Suite
from ..examination import plan, run_path
from ..lock import LOCK
from ..protocols.recorded import own_protocol
from ..registry import SUITES
from . import lmms_eval, own_outputs, vlmevalkit
from .base import SAMPLING, UNKNOWN, Attached, ImportSource, ItemAnswers, asked_by, attach
from .tables import columns, form_of, raising, read_rows

TOOLS = (lmms_eval.TOOL, vlmevalkit.TOOL, own_outputs.TOOL)


def open_import(path: Path, suite: Suite, tool: str | None = None) -> ImportSource:
    """The answers in a file of another tool. `tool` says which, else the columns do.

    Raises DataError for a file that cannot be read, that no known tool writes, or that another one wrote than `tool`.
    """
    form = form_of(path)
    named, rows = columns(path, read_rows(path, form))
    recognised = _tool(path, suite, form, named)
    if tool is not None and tool != recognised:
        raise DataError(f"{path}: not a file of {tool}: it has the columns of one of {recognised}")
    if recognised == lmms_eval.TOOL:
        return lmms_eval.open_lmms_eval(path, suite, rows)
    if recognised == vlmevalkit.TOOL:
        return vlmevalkit.open_vlmevalkit(path, suite, form, rows)
    own = next(one for one in own_outputs.forms(suite.name) if not own_outputs.lacking(one, named))
    return own_outputs.open_own(path, suite, own, rows)


def _tool(path: Path, suite: Suite, form: str, named: set[str]) -> str:
    """Which tool writes files with these columns. Raises DataError that says what is missing to the nearest one."""
    if lmms_eval.is_sample(named):
        return lmms_eval.TOOL
    if named >= vlmevalkit.NEEDS:
        return vlmevalkit.TOOL
    if any(not own_outputs.lacking(one, named) for one in own_outputs.forms(suite.name)):
        return own_outputs.TOOL
    if lmms_eval.is_results(named):
        raise DataError(f"{path}: the results file of lmms-eval, which has no answers: name DATE_samples_TASK.jsonl")
    if others := [name for name in own_outputs.other_suites(named) if name != suite.name]:
        raise DataError(f"{path}: an output of {' or '.join(others)}, by its columns: name that with --suite")
    known = {
        "samples of lmms-eval": lmms_eval.lacking(named),
        "a result of VLMEvalKit": sorted(vlmevalkit.NEEDS - named),
        **{one.title: own_outputs.lacking(one, named) for one in own_outputs.forms(suite.name)},
    }
    nearest = min(known, key=lambda title: len(known[title]))
    there = f"there are: {', '.join(sorted(named)):.200}" if named else "there is none"
    raise DataError(
        f"{path}: no file of a known tool for {suite.name}; nearest is {nearest}: columns missing: "
        f"{', '.join(known[nearest])}; {there}"
    )


@dataclass
class ImportedModel:
    """What is known of a model whose answers were imported; it can say those answers, and no other."""

    name: str
    source: ImportSource
    sha256: str
    attached: Attached
    total: int
    missing_as_wrong: bool = False

    def identity(self) -> Mapping[str, Json]:
        """The tool and the file; the model's own are unknown."""
        unknown = [f"sampling.{name}" for name in SAMPLING if name not in self.source.sampling]
        questions = len(self.attached.asked)
        return {
            "engine": f"import ({self.source.tool})",
            "tool": self.source.tool,
            "tool_version": self.source.version or UNKNOWN,
            "file": self.sha256,
            "weights": UNKNOWN,
            "configuration": UNKNOWN,
            "prompt": self.attached.prompt,
            "unknown": unknown,
            "only_answered": None if questions == self.total else {"items": questions, "of": self.total},
            **({"missing_as_wrong": True} if self.missing_as_wrong else {}),
        }

    def versions(self) -> Mapping[str, str]:
        """The tool's, whose the prompts are, and which settings nobody knows, so that tables of runs show it."""
        unknown = ",".join(name for name in SAMPLING if name not in self.source.sampling)
        return {
            self.source.tool: self.source.version or UNKNOWN,
            "prompt": self.attached.prompt,
            **({UNKNOWN: unknown} if unknown else {}),
        }

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The file's answers, in the order of the requests; none where the file has none."""
        for request in requests:
            keys = [(request.item_id, sample) for sample in request.samples]
            yield from (self.attached.responses[key] for key in keys if key in self.attached.responses)


@dataclass(frozen=True)
class ImportedExamination(Examination):
    """What was asked elsewhere; of `sampling` only `n` and what the source says are stored."""

    source: ImportSource = dataclasses.field(kw_only=True)

    def manifest(self, model: Engine) -> Manifest:
        """The manifest of these answers of that model."""
        manifest = Examination.manifest(self, model)
        sampling = {"n": self.sampling.n, **self.source.sampling}
        source = {"file": self.source.path.name, **self.source.about}
        return Manifest({**manifest.identity, "sampling": sampling}, {**manifest.environment, "import": source})


@dataclass(frozen=True)
class Import:
    """A file ready to be stored: nothing is written yet."""

    examination: ImportedExamination
    model: ImportedModel

    def path(self, root: Path) -> Path:
        """Where the run is kept among others: the same file, data and protocol give the same place."""
        return run_path(root, self.examination, self.model)

    def store(self, path: Path) -> RunOutcome:
        """Write what the run directory `path` does not have yet, and seal it if every question has an answer.

        With missing answers counted as wrong, an error stands for each, and the run is sealed too.

        Raises RunMismatchError if it holds another run, UsageError if it has these answers under another model's name,
        RunLockedError and StoreError.
        """
        samples, n = self.examination.asked, self.examination.sampling.n
        outcome = RunOutcome(path, total=len(samples) * n)
        with RunWriter(path, self.examination.manifest(self.model), samples, n) as run:
            if (kept := RunReader(path).manifest.model_name) != self.model.name:
                raise UsageError(
                    f"{path} holds this file as the answers of {kept!r:.60}, not of {self.model.name!r:.60}: "
                    "import it under that name, or into another folder"
                )
            found = {(response.item_id, response.sample): response for response in RunReader(path).responses()}
            stored = {key for key, one in found.items() if one.error is None or self._is_error(key)}
            requests = (
                Request(
                    sample.item.id,
                    sample.prompt,
                    tuple(number for number in range(n) if (sample.item.id, number) not in stored),
                )
                for sample in samples
            )
            for response in self.model.generate(requests, self.examination.sampling):
                run.append(response)
            missing = run.missing()
            outcome.missing = len(missing)
            if self.model.missing_as_wrong:
                for key in missing:
                    if key not in stored and key not in self.model.attached.responses:
                        run.append(Response(*key, None, "the file has no answer to this"))
            if outcome.complete or self.model.missing_as_wrong:
                run.seal()
        outcome.errors += [
            f"item {key[0]}: {response.error}"
            for key, response in self.model.attached.responses.items()
            if response.error
        ]
        return outcome

    def _is_error(self, key: tuple[str, int]) -> bool:
        """True if the file has no answer there: what a run says of that stays as it is."""
        response = self.model.attached.responses.get(key)
        return response is None or response.error is not None


def read_import(
    path: Path,
    suite: str,
    protocol: str | None = None,
    data: Path | None = None,
    *,
    lock: Path = LOCK,
    tool: str | None = None,
    model_name: str | None = None,
    only_answered: bool = False,
    missing_as_wrong: bool = False,
) -> Import:
    """Read a file of another tool and find the items of its answers, as `proctor eval` loads them.

    `protocol` is the one that scores by default (None: see `_protocol_of`); its prompt counts as that of the run only where
    the file says that it was.
    `missing_as_wrong`: every score of the run counts its missing answers as wrong ones, and says so.
    Raises UsageError for an unknown suite or protocol, DataError that tells of every problem of file or data.
    """
    loaded = SUITES.get(suite)
    planned = plan(suite, protocol or "strict", Sampling(), data, lock=lock)
    before = _sha256(path)
    source = _held(open_import(path, loaded, tool))
    if protocol is None:
        protocol = _protocol_of(source, loaded, planned.asked)
    ask = loaded.protocol(protocol).prompt
    samples = [Sample(one.item, ask(one.item)) for one in planned.asked]
    attached = attach(source, samples, only_answered=only_answered)
    if _sha256(path) != before:
        raise DataError(f"{path} changed while it was read: import it again once it is finished")
    name = model_name or source.model_name or UNKNOWN
    model = ImportedModel(name, source, before, attached, len(planned.asked), missing_as_wrong)
    sampling = Sampling(attached.samples)
    examination = ImportedExamination(
        suite, protocol, attached.asked, sampling, planned.data_root, planned.recorded, source=source
    )
    return Import(examination, model)


def _held(source: ImportSource) -> ImportSource:
    """The source with its answers read; a file that cannot be read any further raises where it did."""
    held: list[ItemAnswers | DataError] = []
    try:
        held.extend(source.given)
    except DataError as problem:
        return dataclasses.replace(source, given=chain(held, raising(problem)))
    return dataclasses.replace(source, given=held)


def _protocol_of(source: ImportSource, suite: Suite, samples: Sequence[Sample]) -> str:
    """The tool's own protocol, by which a file is scored where no other is named.

    It is the one whose prompt the file shows, if it is one of the suite's; else VLMEvalKit's for its files, and the
    benchmark's for any other. A suite that lacks it has `strict`.
    """
    given = source.given if isinstance(source.given, list) else []
    shown = asked_by(given, samples, {name: rules.prompt for name, rules in suite.protocols.items()})
    own = own_protocol(source.tool)
    return shown or (own if own in suite.protocols else "strict")


def _sha256(path: Path) -> str:
    check_regular(path)
    try:
        return file_sha256(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
