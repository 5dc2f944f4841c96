"""The models that the arguments of a command name, and how they are spoken to: engine, profile, sampling, judge."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..engines.base import Engine
    from ..profiles import Profile
    from ..runs.judging import JudgeModel
    from ..types import Sampling

JUDGE_SECONDS, JUDGE_ATTEMPTS = 120.0, 4


def sampling(args: argparse.Namespace, profile: Profile | None = None) -> Sampling:
    """The sampling that the arguments ask for, else the profile's. Raises DataError for a value out of range."""
    from ..profiles import SamplingDefaults

    drawn = profile.sampling if profile else SamplingDefaults()
    given = {one.name: getattr(args, one.name) for one in dataclasses.fields(drawn)}
    changed = {name: value for name, value in given.items() if value is not None and value != []}
    return dataclasses.replace(drawn, **changed).sampling(args.samples, args.seed)


def open_profile(args: argparse.Namespace) -> Profile | None:
    """The profile that the arguments name, as they change it, or None if they say nothing.

    Raises UsageError, naming those there are, and DataError for what cannot be set.
    """
    from ..profiles import Profile, load_profile

    found = None if args.profile is None else load_profile(args.profile)
    given = {"system": args.system, "min_pixels": args.min_pixels, "max_pixels": args.max_pixels}
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if args.template:
        told = dict(found.chat_template_kwargs) if found else {}
        changed["chat_template_kwargs"] = now = told | dict(map(_template_argument, args.template))
        if told.get("enable_thinking") is True and now["enable_thinking"] is False:
            changed["opens_thinking"] = False
    if not changed:
        return found
    if found is None:
        return Profile("own", "", "boxed", ("the command line",), **changed)
    return dataclasses.replace(found, name=f"{found.name}.changed", **changed)


def _template_argument(text: str) -> tuple[str, Any]:
    """The name and the value of NAME=JSON; what is no JSON is a text, unless it only looks like one.

    Raises UsageError for Python's words and what begins as JSON does: a template takes any text for true.
    """
    import json

    from ..errors import UsageError

    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--chat-template-kwarg must look like enable_thinking=false, not {text!r:.80}")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        if value in PYTHON_WORDS or value[:1] in tuple('[{"-0123456789'):
            meant = PYTHON_WORDS.get(value, "JSON")
            raise UsageError(
                f"--chat-template-kwarg {name}={value:.60} is no JSON: write {name}={meant}, or for a text "
                f"'{name}={json.dumps(value)[:60]}'"
            ) from None
        return name, value


PYTHON_WORDS = {"True": "true", "False": "false", "None": "null", "TRUE": "true", "FALSE": "false", "": "JSON"}


def open_engine(args: argparse.Namespace, target: str) -> Engine:
    """The model behind `target`, on the engine that the arguments name. Raises UsageError and CheckpointError."""
    from ..engines.ray import ON_CHECKPOINTS, open_replicas
    from ..errors import UsageError

    if args.engine in ON_CHECKPOINTS:
        from ...trainers.tiny import or_bundled

        target = or_bundled(target)
    options = {}
    for option in args.engine_option:
        key, equals, value = option.partition("=")
        if not equals:
            raise UsageError(f"an engine option must look like batch=64, not {option!r}")
        options[key] = value
    return open_replicas(args.engine, target, options, args.workers, args.ray)


def check_model(args: argparse.Namespace, target: str) -> None:
    """Look whether the engine and the checkpoint are there, before items are read and packages imported.

    Raises UsageError for an unknown engine, CheckpointError for a folder that is none or not whole.
    """
    from contextlib import suppress

    from ..engines.base import ENGINES
    from ..engines.ray import ON_CHECKPOINTS
    from ..runs.checkpoints import check_whole
    from ..runs.hub_checkpoint import NotFetchedError, find_checkpoint

    if args.engine not in ENGINES.builtin:
        ENGINES.load(args.engine)
    if args.engine in ON_CHECKPOINTS:
        from ...trainers.tiny import or_bundled

        with suppress(NotFetchedError):
            check_whole(find_checkpoint(or_bundled(target), fetch=False))


def open_judge_model(args: argparse.Namespace) -> JudgeModel | None:
    """The language model that the arguments name, or None. Raises UsageError for a server without a model."""
    from ..engines.http_client import Endpoint
    from ..errors import UsageError
    from ..runs.judging import JudgeModel, ReplyBook
    from .terminal import log

    if not args.judge_model:
        if args.judge_url:
            raise UsageError("--judge-url needs --judge-model: the name of the model that the server is asked for")
        return None
    book = ReplyBook(args.judge_replies)
    if not args.judge_url:
        return JudgeModel(args.judge_model, book)
    server = Endpoint(args.judge_url, args.judge_model, timeout=JUDGE_SECONDS, attempts=JUDGE_ATTEMPTS)
    return JudgeModel(
        args.judge_model,
        book,
        server,
        lambda count: log(f"asking {args.judge_model} {count} questions; Ctrl-C stops"),
        server.neutral,
    )
