"""A folder of tasks for lmms-eval's `--include_path`: a YAML and a parquet file per suite, and one small utils.py.

The folder can be moved: lmms-eval finds `utils` and a task's data file beside its YAML (0.7.3, lmms_eval/utils.py). The
same items give the same bytes. Needs pyarrow (the extra `data`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...harness.errors import DataError, MissingExtraError, StoreError
from ...harness.files import write_atomic
from ...harness.pictures import decode
from ...harness.run import Examination
from ...harness.store import Asked
from ..base import Protocol, Suite
from ..data import Problems
from ..registry import SUITES
from .rows import to_row
from .task import UNPARSED, UNSCORED, metric_name

TAG = "proctor"
ROWS_AT_ONCE = 64
UTILS = '''"""What lmms-eval calls for the tasks of this folder; written by `proctor export lmms-eval`."""

from proctor.benchmarks.lmms_eval.task import (  # pip install proctor, into the environment of lmms-eval
    accuracy,
    count,
    doc_to_messages,
    doc_to_target,
    doc_to_text,
    doc_to_visual,
    process_results,
)
'''


@dataclass(frozen=True)
class Written:
    """A task that was written: its name for `--tasks`, and how many items it has."""

    task: str
    items: int


def task_name(suite: str, protocol: str) -> str:
    """ "proctor_mathvision"; protocols other than `strict` are named too."""
    return f"proctor_{suite}" if protocol == "strict" else f"proctor_{suite}_{protocol}"


def write_folder(out: Path, examinations: Sequence[Examination]) -> list[Written]:
    """Write the tasks of these examinations into `out`; files of the same names are replaced.

    Raises DataError that tells of every picture that can not be decoded, MissingExtraError without pyarrow, StoreError.
    """
    written = [_write_task(out, one) for one in examinations]
    write_atomic(out / "utils.py", UTILS.encode())
    return written


def _write_task(out: Path, examination: Examination) -> Written:
    suite = SUITES.get(examination.suite)
    rules = suite.protocol(examination.protocol)
    task = task_name(suite.name, rules.name)
    _check_pictures(suite, examination.asked)
    _write_rows(out / f"{task}.parquet", examination.asked, rules)
    write_atomic(out / f"{task}.yaml", _yaml(task, suite, rules, examination.sampling.max_tokens).encode())
    return Written(task, len(examination.asked))


def _check_pictures(suite: Suite, asked: Sequence[Asked]) -> None:
    """lmms-eval would end without any score at the first picture that can not be decoded."""
    problems = Problems(f"suite {suite.name}")
    for image in {image.sha256: image for one in asked for image in one.prompt.images}.values():
        try:
            decode(image)
        except DataError as problem:
            problems.add(problem)
    if problems.count:
        raise problems.error()


def _yaml(task: str, suite: Suite, rules: Protocol, max_tokens: int) -> str:
    """The task's configuration.

    `until` is empty since lmms-eval otherwise stops an answer at its first empty line, and `reasoning_tags` is off since it
    otherwise removes parts of an answer before it is judged.
    """
    metrics = [
        (metric_name(rules.name), "accuracy", "true"),
        (UNPARSED, "count", "false"),
        (UNSCORED, "count", "false"),
    ]
    listed = "".join(
        f"  - metric: {name}\n    aggregation: !function utils.{function}\n    higher_is_better: {higher}\n"
        for name, function, higher in metrics
    )
    return f"""\
# {suite.title}, asked and judged by the protocol {rules.name}; written by `proctor export lmms-eval`.
task: {task}
tag: {TAG}
dataset_path: parquet
dataset_kwargs:
  data_files:
    test: {task}.parquet
test_split: test
output_type: generate_until
num_fewshot: 0
doc_to_messages: !function utils.doc_to_messages
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: !function utils.doc_to_target
process_results: !function utils.process_results
generation_kwargs:
  until: []
  max_new_tokens: {max_tokens}
  temperature: 0
  do_sample: false
reasoning_tags: "none"
cluster_key: cluster
score_key: score
metric_list:
{listed}metadata:
  version: {json.dumps(rules.version)}
"""


def _write_rows(path: Path, asked: Sequence[Asked], rules: Protocol) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError(f"{path}: to write parquet, install pyarrow: pip install 'proctor[data]'") from error
    pictures = max(len(one.prompt.images) for one in asked)
    schema = _schema(pa, pictures)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        with pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=False) as file:
            for rows in _batches(asked, rules, pictures):
                file.write_table(pa.Table.from_pylist(rows, schema=schema))
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _batches(asked: Sequence[Asked], rules: Protocol, pictures: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(asked), ROWS_AT_ONCE):
        yield [to_row(one, rules, pictures) for one in asked[start : start + ROWS_AT_ONCE]]


def _schema(pa: Any, pictures: int) -> Any:
    """Columns, and what the library `datasets` reads of the metadata: pictures stay encoded until they are shown."""
    texts = ("id", "protocol", "version", "item", "prompt")
    shown = [f"picture_{number + 1}" for number in range(pictures)]
    features: dict[str, Any] = {name: {"dtype": "string", "_type": "Value"} for name in texts}
    features.update({name: {"decode": False, "_type": "Image"} for name in shown})
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [(name, pa.string()) for name in texts] + [(name, picture) for name in shown]
    return pa.schema(columns, metadata={"huggingface": json.dumps({"info": {"features": features}})})
