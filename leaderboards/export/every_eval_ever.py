"""Runs in the schema of Every Eval Ever (https://evalevalai.com, schema 0.3): a log per run and protocol, and its answers.

A log is `data/SUITE/ORGANIZATION/MODEL/UUID.json`; every metric of the run is a result in it, a share from 0 to 1 with its
clustered error and interval. Beside it `UUID_samples.jsonl` has a record for each answer, which belongs to the accuracy. The
UUID is made of run, protocol and versions, so that writing again writes the same files; only the time of writing differs.

The records hold questions, golds and answers, but no pictures: mind the licence of a benchmark.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from ...benchmarks.examination import score_under
from ...harness.errors import DataError, UsageError
from ...harness.files import write_atomic
from ...harness.runs.score import ScoredRun
from ...harness.types import Image, Item, Json, Prompt, Response, Verdict
from ..board.evidence import run_folders
from ..board.load_rows import as_count, as_real, as_share
from ..board.table import Row, rows
from .hub import place_of
from .markdown import HEADLINE, rows_of, unpublishable, warnings

SCHEMA_VERSION = "0.3.0"
LOCAL_ENGINES = ("transformers", "vllm")
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?"
_MODEL_ID = re.compile(rf"{_PART}/{_PART}")


@dataclass(frozen=True)
class Publisher:
    """Who publishes, and what only they know: the model's id (ORGANIZATION/NAME), whose it is, and whether it is open."""

    model_id: str
    organization: str
    relationship: str
    availability: str = "unknown"

    def __post_init__(self) -> None:
        if not _MODEL_ID.fullmatch(self.model_id):
            raise UsageError(f"the model's id must look like Qwen/Qwen2.5-VL-7B-Instruct, not {self.model_id!r:.80}")
        if not (self.organization.strip() and self.organization.isprintable()):
            raise UsageError(f"the organization must be text on one line, not {self.organization!r:.80}")


@dataclass
class EvaluationLogs:
    """Files to write, by their path under the folder, and what was left out, a line each."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> list[Path]:
        """Write the files into the folder. Raises StoreError."""
        for name, content in self.files.items():
            write_atomic(folder / name, content)
        return [folder / name for name in self.files]


def evaluation_logs(
    paths: Sequence[Path], model: str, publisher: Publisher, now: int, protocols: Sequence[str] = ()
) -> EvaluationLogs:
    """The complete runs of a model among runs, folders of them and boards with their evidence; `now` in seconds since 1970.

    Raises UsageError where no run is of that model, or models with other weights bear its name; DataError for a damaged run.
    """
    for path in paths:
        if path.is_file():
            raise UsageError(f"{path} is a file, which has no answers: name the board's folder, with its evidence")
    found, every = EvaluationLogs(), list[Row]()
    with run_folders(paths) as folders:
        for folder in folders:
            for scored in score_under(folder, protocols or [None]):
                table = rows(scored)
                every += table
                if table[0].model != model:
                    continue
                if problem := unpublishable(table[0]):
                    found.left_out.append(problem)
                    continue
                _add(found.files, scored, table, publisher, now)
    rows_of(model, every)
    return found


def _add(files: dict[str, bytes], scored: ScoredRun, table: Sequence[Row], publisher: Publisher, now: int) -> None:
    first = table[0]
    identity = [first.run_id, first.protocol, first.protocol_version, first.grader_version, publisher.model_id]
    uuid = UUID(bytes=hashlib.sha256(json.dumps(identity).encode()).digest()[:16], version=4)
    evaluation_id = f"{first.suite}/{publisher.model_id.replace('/', '_')}/{first.run_id}/{first.protocol}"
    stem = f"data/{first.suite}/{publisher.model_id}/{uuid}"
    samples = b"".join(_line(one) for one in _records(scored, evaluation_id, first, publisher.model_id))
    results = [_result(row, evaluation_id) for row in table if not unpublishable(row)]
    log = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation_id,
        **_started(scored),
        "retrieved_timestamp": str(now),
        "source_metadata": {
            "source_name": "proctor",
            "source_type": "evaluation_run",
            "source_organization_name": publisher.organization,
            "evaluator_relationship": publisher.relationship,
        },
        "eval_library": {
            "name": "proctor",
            "version": first.proctor_version or "unknown",
            "additional_details": _texts(git_commit=first.git_commit, grader_version=first.grader_version),
        },
        "model_info": {
            "name": first.model,
            "id": publisher.model_id,
            "developer": publisher.model_id.partition("/")[0],
            "inference_engine": _texts(name=first.engine, version=first.engine_version),
            "additional_details": {
                "deployment_type": "self_deployed" if first.engine in LOCAL_ENGINES else "unknown",
                "model_availability": publisher.availability,
                **_texts(weights_sha256=first.weights, configuration_sha256=first.configuration),
            },
        },
        "evaluation_results": results,
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": f"{stem}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(samples).hexdigest(),
            "total_rows": samples.count(b"\n"),
        },
    }
    files[f"{stem}.json"] = json.dumps(_clean(log), indent=1, allow_nan=False).encode() + b"\n"
    files[f"{stem}_samples.jsonl"] = samples


def _started(scored: ScoredRun) -> Mapping[str, str]:
    started = scored.run.manifest.environment.get("started")
    return {"evaluation_timestamp": started} if isinstance(started, str) else {}


def _result(row: Row, evaluation_id: str) -> Json:
    """A metric of a run, with all that is known of how it was found."""
    score, low, high = (as_share(getattr(row, name), name) for name in ("score", "ci_low", "ci_high"))
    uncertainty: dict[str, Json] = {"num_samples": row.n}
    if (stderr := as_share(row.stderr, "stderr", float("inf"))) is not None:
        uncertainty["standard_error"] = {"value": stderr, "method": "analytic, clustered"}
    if low is not None and high is not None:
        method = "Clopper-Pearson with the effective sample size of the clustered error"
        uncertainty["confidence_interval"] = {"lower": low, "upper": high, "confidence_level": 0.95, "method": method}
    drawn = {
        "temperature": as_real(row.temperature, "temperature"),
        "top_p": as_real(row.top_p, "top_p"),
        "max_tokens": as_count(row.max_tokens, "max_tokens"),
    }
    counts = {name: getattr(row, name) for name in ("correct", "total", "n", "clusters", "unparsed", "truncated")}
    return {
        "evaluation_result_id": f"{evaluation_id}/{row.metric}",
        "evaluation_name": row.shown_suite if row.metric == HEADLINE else f"{row.shown_suite} {row.metric}",
        "source_data": _source(row),
        "metric_config": {
            "evaluation_description": f"{row.metric} under the protocol {row.judged_by}",
            "metric_id": row.metric if row.metric == HEADLINE else f"{row.suite}.{row.metric}",
            "metric_name": row.metric,
            "metric_kind": "accuracy" if row.metric.partition("/")[0] == HEADLINE else "share",
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
            **_judges(row),
            "additional_details": _texts(
                protocol=row.protocol,
                protocol_version=row.protocol_version,
                grader_version=row.grader_version,
                prompt_protocol=row.prompt_protocol,
            ),
        },
        "score_details": {
            "score": score,
            "details": _texts(
                **{name: "" if count is None else str(count) for name, count in counts.items()},
                warnings="; ".join(warnings(row)),
                items_sha256=row.data,
                images_sha256=row.images,
                prompts_sha256=row.prompts,
                responses_sha256=row.responses,
            ),
            "uncertainty": uncertainty,
        },
        "generation_config": {
            "generation_args": {name: value for name, value in drawn.items() if value is not None},
            "additional_details": _texts(seed=row.seed, samples=str(row.samples), shaping=row.shaping),
        },
    }


def _judges(row: Row) -> Mapping[str, Json]:
    """The language model that took the protocol's steps, if one did."""
    if not row.referee:
        return {}
    unknown = {"deployment_type": "unknown", "model_availability": "unknown"}
    info = {"name": row.referee, "id": row.referee, "additional_details": unknown}
    prompt = f"that of the protocol {row.protocol}, version {row.protocol_version}; it judged {row.refereed} answers"
    return {"llm_scoring": {"judges": [{"model_info": info}], "input_prompt": prompt}}


def _source(row: Row) -> Json:
    """The data set on the hub if the run is of a whole published set there, else the suite by its name."""
    details = _texts(items=str(row.items), items_sha256=row.data)
    try:
        place = place_of(row, {})
    except UsageError:
        return {"dataset_name": row.shown_suite, "source_type": "other", "additional_details": details}
    return {
        "dataset_name": row.suite,
        "source_type": "hf_dataset",
        "hf_repo": place.published.path,
        "samples_number": row.items,
        "additional_details": {**details, "published_set": place.set_name},
    }


def _records(scored: ScoredRun, evaluation_id: str, row: Row, model_id: str) -> Iterator[Json]:
    """A record for each answer, in the order of the run's."""
    asked = {one.item.id: one for one in scored.run.questions().asked}
    verdicts = {(one.item_id, one.sample): one for one in scored.verdicts}
    for response in scored.run.responses():
        sample, verdict = asked[response.item_id], verdicts[response.item_id, response.sample]
        if verdict.correct is None:
            raise DataError(f"{scored.run.path}: no verdict on {response.item_id!r} sample {response.sample}")
        yield {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": evaluation_id,
            "model_id": model_id,
            "evaluation_name": row.shown_suite,
            "evaluation_result_id": f"{evaluation_id}/{HEADLINE}",
            "sample_id": response.item_id,
            "sample_hash": _sample_hash(sample.item),
            "interaction_type": "single_turn",
            "input": {
                "raw": sample.item.question,
                "formatted": _formatted(sample.prompt),
                "reference": [sample.item.answer],
                "choices": list(sample.item.choices) or None,
            },
            "output": {"raw": [response.text or ""]},
            "answer_attribution": _attribution(verdict),
            "evaluation": {"score": float(verdict.correct), "is_correct": verdict.correct},
            **_usage(response),
            "metadata": _metadata(sample.item, response, verdict, scored.clusters[response.item_id]),
        }


def _sample_hash(item: Item) -> str:
    """As the adapters of Every Eval Ever make it, so that one question has one hash whoever asked it."""
    known = _clean({"raw": item.question, "reference": [item.answer]})
    return hashlib.sha256(json.dumps(known, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _formatted(prompt: Prompt) -> str:
    """The prompt with `<image>` for each picture, below the system text if there is one."""
    asked = "".join("<image>" if isinstance(part, Image) else part for part in prompt.parts)
    return f"{prompt.system}\n\n{asked}" if prompt.system else asked


def _attribution(verdict: Verdict) -> list[Json]:
    """What was read in the answer, and how; nothing where no answer is stated."""
    if verdict.extracted is None:
        return []
    return [
        {
            "turn_idx": 0,
            "source": "output.raw",
            "extracted_value": verdict.extracted,
            "extraction_method": verdict.rule,
            "is_terminal": True,
        }
    ]


def _usage(response: Response) -> Mapping[str, Json]:
    asked, answered = response.prompt_tokens, response.completion_tokens
    if asked is None or answered is None:
        return {}
    return {
        "token_usage": {"input_tokens": asked, "output_tokens": answered, "total_tokens": asked + answered},
    }


def _metadata(item: Item, response: Response, verdict: Verdict, cluster: str) -> Mapping[str, str]:
    categories = {
        f"meta.{name}": value if isinstance(value, str) else json.dumps(value) for name, value in item.meta.items()
    }
    return categories | _texts(
        sample=str(response.sample),
        reason=verdict.reason,
        cluster=cluster,
        truncated=str(verdict.truncated).lower(),
        images_sha256=" ".join(image.sha256 for image in item.images),
    )


def _texts(**texts: str) -> dict[str, str]:
    """Those that say something."""
    return {name: text for name, text in texts.items() if text}


def _line(record: Json) -> bytes:
    return json.dumps(_clean(record), allow_nan=False).encode() + b"\n"


def _clean(value: Any) -> Any:
    """The value with every lone surrogate, which no strict reader of JSON takes, spelled out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list | tuple) else value
