"""Arguments that several verbs share, and what they mean."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models.base import Model
    from ..types import Sampling

RUNS = Path("runs")


def add_sampling(parser: argparse.ArgumentParser, max_tokens: int = 1024) -> None:
    """--samples, --temperature, --top-p, --max-tokens, --seed."""
    group = parser.add_argument_group("how answers are drawn")
    group.add_argument("--samples", type=int, default=1, metavar="N", help="answers per item (default 1)")
    group.add_argument("--temperature", type=float, default=0.0, metavar="T", help="0 is greedy (the default)")
    group.add_argument("--top-p", type=float, default=1.0, metavar="P", help="nucleus of the distribution (default 1)")
    group.add_argument(
        "--max-tokens",
        type=int,
        default=max_tokens,
        metavar="N",
        help=f"length limit of an answer (default {max_tokens})",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the samples (default 0)")


def sampling(args: argparse.Namespace) -> Sampling:
    """The sampling that the arguments ask for. Raises DataError for a value out of range."""
    from ..types import Sampling

    return Sampling(args.samples, args.temperature, args.top_p, args.max_tokens, args.seed)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """--engine and --engine-option."""
    parser.add_argument("--engine", default="transformers", help="what runs the model (default transformers)")
    parser.add_argument(
        "--engine-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the engine, e.g. batch=64, device=cuda, dtype=bfloat16; may be repeated",
    )


def open_model(args: argparse.Namespace, target: str) -> Model:
    """The model behind `target`, on the engine that the arguments name. Raises UsageError and CheckpointError."""
    from ..errors import UsageError
    from ..models.base import MODELS

    options = {}
    for option in args.engine_option:
        key, equals, value = option.partition("=")
        if not equals:
            raise UsageError(f"an engine option must look like batch=64, not {option!r}")
        options[key] = value
    return MODELS.get(args.engine)(target, options)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
