"""A folder of tasks for lmms-eval's `--include_path`: a YAML and a parquet file per suite, and one small utils.py.

The folder can be moved: lmms-eval finds `utils` and a task's data file beside its YAML (0.7.3, lmms_eval/utils.py). The
same items give the same bytes. Needs pyarrow (the extra `data`).

One question as a row of a task's data file: the item and the prompt as JSON, and the prompt's pictures as bytes.

A row has the columns `id`, `protocol` and `version` (of the protocol), `item` (Item.to_json), `prompt` ({"system", "parts"},
where a part is a text or the number of a picture, from 1 in the prompt's order), and `picture_1`, `picture_2`, ... as
{"bytes", "path"}, null beyond the prompt's last. Pictures are columns of their own because lmms-eval leaves such columns
out where it needs no pictures.

What lmms-eval calls for each question of a task, and for the whole: how it is asked, judged and counted.

The functions have lmms-eval's names and arguments (lmms-eval 0.7.3, its task configuration). A `doc` is a row of the data
file (`rows`), with its pictures or without. Judging is a pure function of row and response: any number of threads may.

The suites as tasks of EvolvingLMMs-Lab's lmms-eval: `folder` writes them, `task` is what lmms-eval calls then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..harness.engines.lmms_eval import is_failure, marked_text
from ..harness.errors import DataError, MissingExtraError, install, printable
from ..harness.files import atomic_file, sweep_unfinished, write_atomic
from ..harness.images import decode
from ..harness.runs.evaluate import Examination
from ..harness.runs.store import Sample
from ..harness.stats.metrics import cluster
from ..harness.types import Image, Item, Prompt, canonical_json
from .base import Protocol, Suite
from .items import Problems
from .registry import SUITES

Row = Mapping[str, Any]


def to_row(sample: Sample, rules: Protocol, pictures: int) -> dict[str, Any]:
    """The row of a question in a file with `pictures` columns of pictures. Raises DataError if one cannot be read."""
    images = sample.prompt.images
    numbers = iter(range(1, len(images) + 1))
    parts = [next(numbers) if isinstance(part, Image) else part for part in sample.prompt.parts]
    row: dict[str, Any] = {
        "id": printable(sample.item.id),
        "protocol": rules.name,
        "version": rules.version,
        "item": canonical_json(sample.item.to_json()),
        "prompt": canonical_json({"system": sample.prompt.system, "parts": parts}),
    }
    for number in range(pictures):
        image = images[number] if number < len(images) else None
        row[f"picture_{number + 1}"] = image and {"bytes": image.read(), "path": printable(image.name)}
    return row


def item_of(row: Row) -> Item:
    """The item; its pictures have names and digests, but no bytes."""
    return Item.from_json(json.loads(row["item"]), lambda image: Image(image["sha256"], image["name"], b""))


def prompt_of(row: Row) -> Prompt:
    """The prompt, with its pictures if the row has them, else with empty ones (lmms-eval asks for texts without them)."""
    stored = json.loads(row["prompt"])
    parts = tuple(_picture(row, part) if isinstance(part, int) else part for part in stored["parts"])
    return Prompt(parts, stored["system"])


def _picture(row: Row, number: int) -> Image:
    stored = row.get(f"picture_{number}")
    return Image.of_bytes(stored["bytes"], stored["path"]) if stored else Image("", f"picture {number}", b"")


def rules_of(row: Row) -> Protocol:
    """The protocol that the row was written for. Raises DataError if the installed one is of another version."""
    suite = json.loads(row["item"])["suite"]
    rules = SUITES.get(suite).protocol(row["protocol"])
    if rules.version != row["version"]:
        raise DataError(
            f"suite {suite}: written for protocol {rules.name} version {row['version']}, but the installed one is "
            f"{rules.version}: write the tasks again with `proctor suite export lmms-eval`"
        )
    return rules


if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

UNPARSED, UNSCORED = "proctor_unparsed", "proctor_unscored"

Judgement = dict[str, Any]


def metric_name(protocol: str) -> str:
    """The metric that is the share of right answers under a protocol."""
    return f"proctor_{protocol}"


def doc_to_messages(doc: Row) -> list[dict[str, Any]]:
    """The conversation for chat models: texts and pictures in the prompt's order.

    Raises DataError for a picture that cannot be decoded, and where the installed protocol is another version.
    """
    prompt = _prompt(doc)
    content = [
        {"type": "image", "url": decode(part)} if isinstance(part, Image) else {"type": "text", "text": part}
        for part in prompt.parts
    ]
    system = [{"role": "system", "content": [{"type": "text", "text": prompt.system}]}] if prompt.system else []
    return [*system, {"role": "user", "content": content}]


def doc_to_visual(doc: Row) -> list[PilImage]:
    """The pictures for other models, in the prompt's order. Raises as `doc_to_messages` does."""
    return [decode(image) for image in _prompt(doc).images]


def doc_to_text(doc: Row) -> str:
    """The text for other models, with marks where pictures belong between texts.

    Raises DataError where the installed protocol is another version.
    """
    return marked_text(_prompt(doc))


def doc_to_target(doc: Row) -> str:
    """The gold answer as the suite publishes it, for logs."""
    return item_of(doc).answer


def process_results(doc: Row, results: Sequence[str]) -> dict[str, Judgement]:
    """The judgement on one response, by metric; never raises.

    The judgement has the item's `id`, and `score` (1.0 or 0.0) and the item's `cluster`, or else `error`: what could not be
    judged is no wrong answer. The two counts have `count` (0 or 1).
    """
    judgement = {"id": _column(doc, "id", ""), **_judge(doc, results)}
    unscored = "score" not in judgement
    return {
        metric_name(_column(doc, "protocol", "strict")): judgement,
        UNPARSED: {"count": int(not unscored and judgement["extracted"] is None)},
        UNSCORED: {"count": int(unscored)},
    }


def accuracy(judgements: Sequence[Judgement]) -> float:
    """The share of right answers among those that could be judged; NaN if none could."""
    scores = [judgement["score"] for judgement in judgements if "score" in judgement]
    return sum(scores) / len(scores) if scores else float("nan")


def count(judgements: Sequence[Judgement]) -> int:
    """How many were counted."""
    return sum(judgement["count"] for judgement in judgements)


def _prompt(doc: Row) -> Prompt:
    rules_of(doc)
    return prompt_of(doc)


def _column(doc: Row, name: str, otherwise: str) -> str:
    try:
        return str(doc[name])
    except Exception:  # lmms-eval repeats a call that raises, and then ends without any score
        return otherwise


def _judge(doc: Row, results: Sequence[str]) -> Judgement:
    try:
        (response,) = results
        if is_failure(response):
            return {"error": printable(response[:200])}
        item, rules = item_of(doc), rules_of(doc)
        grade = rules.match(rules.extract(response, item), item)
        if grade.correct is None:
            return {"error": printable(grade.reason)}
        return {
            "score": float(grade.correct),
            "cluster": cluster(item),
            "extracted": grade.extracted,
            "rule": grade.rule,
            "reason": grade.reason,
        }
    except Exception as error:  # see `_column`; the item is counted as unscored
        return {"error": printable(f"{type(error).__name__}: {error}"[:200])}


__all__ = [
    "accuracy",
    "count",
    "doc_to_messages",
    "doc_to_target",
    "doc_to_text",
    "doc_to_visual",
    "process_results",
]


TAG = "proctor"
ROWS_AT_ONCE = 64
UTILS = '''"""What lmms-eval calls for the tasks of this folder; written by `proctor suite export lmms-eval`."""

from proctor.benchmarks.export_lmms_eval import (  # pip install proctor, into the environment of lmms-eval
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
class WrittenTask:
    """A task that was written: its name for `--tasks`, and how many items it has."""

    task: str
    items: int


def task_name(suite: str, protocol: str) -> str:
    """ "proctor_mathvision"; protocols other than `strict` are named too."""
    return f"proctor_{suite}" if protocol == "strict" else f"proctor_{suite}_{protocol}"


def write_folder(out: Path, examinations: Sequence[Examination]) -> list[WrittenTask]:
    """Write the tasks of these examinations into `out`; files of the same names are replaced.

    Raises DataError that tells of every picture that cannot be decoded, MissingExtraError without pyarrow, StoreError.
    """
    tasks = [_write_task(out, examination) for examination in examinations]
    write_atomic(out / "utils.py", UTILS.encode())
    return tasks


def _write_task(out: Path, examination: Examination) -> WrittenTask:
    suite = SUITES.get(examination.suite)
    rules = suite.protocol(examination.protocol)
    task = task_name(suite.name, rules.name)
    _check_pictures(suite, examination.asked)
    _write_rows(out / f"{task}.parquet", examination.asked, rules)
    write_atomic(out / f"{task}.yaml", _yaml(task, suite, rules, examination.sampling.max_tokens).encode())
    return WrittenTask(task, len(examination.asked))


def _check_pictures(suite: Suite, samples: Sequence[Sample]) -> None:
    """lmms-eval would end without any score at the first picture that cannot be decoded."""
    problems = Problems(f"suite {suite.name}")
    for image in {image.sha256: image for sample in samples for image in sample.prompt.images}.values():
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
# {suite.title}, asked and judged by the protocol {rules.name}; written by `proctor suite export lmms-eval`.
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


def _write_rows(path: Path, samples: Sequence[Sample], rules: Protocol) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError(f"{path}: to write parquet, install pyarrow: {install('data')}") from error
    pictures = max(len(sample.prompt.images) for sample in samples)
    schema = _schema(pa, pictures)
    sweep_unfinished(path.parent, path.name)
    with atomic_file(path) as file, pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=False) as table:
        for rows in _batches(samples, rules, pictures):
            table.write_table(pa.Table.from_pylist(rows, schema=schema))


def _batches(samples: Sequence[Sample], rules: Protocol, pictures: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(samples), ROWS_AT_ONCE):
        yield [to_row(sample, rules, pictures) for sample in samples[start : start + ROWS_AT_ONCE]]


def _schema(pa: Any, pictures: int) -> Any:
    """Columns, and what the library `datasets` reads of the metadata: pictures stay encoded until they are shown."""
    texts = ("id", "protocol", "version", "item", "prompt")
    picture_columns = [f"picture_{number + 1}" for number in range(pictures)]
    features: dict[str, Any] = {name: {"dtype": "string", "_type": "Value"} for name in texts}
    features.update({name: {"decode": False, "_type": "Image"} for name in picture_columns})
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [(name, pa.string()) for name in texts] + [(name, picture) for name in picture_columns]
    return pa.schema(columns, metadata={"huggingface": json.dumps({"info": {"features": features}})})
