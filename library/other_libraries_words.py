"""What parameters of other libraries' functions are called here: for the error that names an unknown one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from .harness.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")

PARAMETERS = {
    "tasks": "suite",
    "task": "suite",
    "model_args": "model, and engine_options={...} for all else",
    "pretrained": "model",
    "gen_kwargs": "temperature, max_tokens, top_p and so on",
    "max_new_tokens": "max_tokens",
    "max_gen_toks": "max_tokens",
    "batch_size": 'engine_options={"batch": N} for a checkpoint, workers=N for a function',
    "max_connections": 'engine_options={"concurrency": N} for a server, workers=N for a function',
    "device": 'engine_options={"device": ...}',
    "output_path": "out",
    "log_dir": "out",
    "epochs": "samples",
    "base_url": "url",
    "model_base_url": "url",
}
"""What stands here for a parameter of lmms-eval's `simple_evaluate`, or of Inspect's `eval`."""
NEEDLESS = {
    "log_samples": "every answer is stored in the run: see to_frame()",
    "num_fewshot": "every item is asked without examples",
    "apply_chat_template": "a chat template is applied where the checkpoint has one",
    "predict_only": "proctor.score(run, protocol) judges stored answers at any time",
    "use_cache": "with out=FOLDER the same call goes on where it stopped",
    "verbosity": "progress=False shows no bar",
}
"""Why no parameter is needed."""


def names_parameters(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which raises UsageError with the right name for a parameter of another library that it has not."""
    known = inspect.signature(function).parameters

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        unknown = [name for name in kwargs if name not in known]
        told = [f"{name} is called {PARAMETERS[name]} here" for name in unknown if name in PARAMETERS]
        told += [f"{name} is no parameter here: {NEEDLESS[name]}" for name in unknown if name in NEEDLESS]
        if told:
            raise UsageError("; ".join(told))
        return function(*args, **kwargs)

    return checked
