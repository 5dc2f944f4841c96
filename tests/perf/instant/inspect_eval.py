"""Inspect's mock model on the questions of a file, scored by its exact match; prints how many are right.

python inspect_eval.py QUESTIONS TEXTS LOGS
"""

import json
import sys
from itertools import cycle
from pathlib import Path

import inspect_ai
from inspect_ai import Task
from inspect_ai.dataset import json_dataset
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import exact
from inspect_ai.solver import generate


def output(text: str) -> ModelOutput:
    """A model's answer; its usage is given, since Inspect would else fetch a tokenizer to count it."""
    return ModelOutput.from_content("mockllm", text).model_copy(
        update={"usage": ModelUsage(input_tokens=100, output_tokens=200, total_tokens=300)}
    )


def main(questions: str, texts: str, logs: str) -> None:
    """Evaluate, and print the number of right answers."""
    outputs = (output(text) for text in cycle(json.loads(Path(texts).read_text())))
    task = Task(dataset=json_dataset(questions), solver=generate(), scorer=exact())
    (log,) = inspect_ai.eval(
        task, model=get_model("mockllm/model", custom_outputs=outputs), log_dir=logs, display="none"
    )
    assert log.status == "success", log.error
    (score,) = log.results.scores
    print(round(score.metrics["mean"].value * log.results.completed_samples))


if __name__ == "__main__":
    main(*sys.argv[1:])
