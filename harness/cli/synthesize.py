"""`proctor synthesize`: have a model write questions about pictures, and keep those that pass the rules."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK
from .options import add_changes, add_engine, add_json, add_lock, add_profile, open_engine, open_profile

if TYPE_CHECKING:
    from ...trainers.recipe_settings import SynthesisSettings
    from ...trainers.synthesis.run import PromptBuilders

FLAGS = ("how", "images", "per_image", "samples", "temperature")
"""Flags that are settings of the same name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Source, model, settings, and where it goes."""
    parser.add_argument(
        "source", help="a folder of pictures, or a set by name: geometry3k, geoqa, mmr1, figures, or a suite"
    )
    parser.add_argument("--how", required=True, help="direct (the picture alone) or in_context (also a question on it)")
    parser.add_argument("--model", required=True, help="the checkpoint that writes, and answers")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the questions")
    parser.add_argument("--data", type=Path, help="where the named set is (default: hub, or a suite's bundled sample)")
    add_lock(parser)
    parser.add_argument("--protocol", default="strict", help="how questions are asked (default strict)")
    add_profile(parser)
    parser.add_argument("--limit", type=int, metavar="N", dest="images", help="only the first N items or pictures")
    parser.add_argument("--per-image", type=int, metavar="K", help="questions to draw for each (default 1)")
    parser.add_argument("--samples", type=int, metavar="N", help="answers that vote on a question (default 5)")
    parser.add_argument("--temperature", type=float, metavar="T", help="of all that is drawn (default 0.7)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the samples (default 0)")
    add_changes(parser, "change a setting of the synthesis: agreed=0.5; see docs/synthesis.md")
    add_engine(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Synthesize, or go on; say what became of the replies."""
    from ...trainers.synthesis.run import Author, Synthesis
    from ...trainers.synthesis.selection import RULES
    from ...trainers.synthesis.source import open_source
    from .terminal import emit_json, progress_bars, show_table

    settings = _settings(args)
    manners = _manners(args)
    source = open_source(args.source, args.data, settings.images, args.seed, args.lock)
    model = open_engine(args, args.model)
    with progress_bars() as bars:
        task = bars.add_task(f"{model.name}: synthesize", total=None, note="")

        def tell(done: int, total: int, name: str) -> None:
            bars.update(task, completed=done, total=total, note=name)

        author = Author(model.identity(), lambda: model)
        found = Synthesis(source, settings, author, manners, args.seed, tell).run(args.out)
    if args.json:
        emit_json({"path": str(args.out), **found.to_json()})
        return EXIT_OK
    from rich.table import Table

    table = Table(
        "what", "count", "why it is not kept", title=f"{found.questions} questions in {args.out}", min_width=48
    )
    for name, count in found.counts.items():
        table.add_row(name, str(count), RULES.get(name, ""))
    show_table(table)
    return EXIT_OK


def _settings(args: argparse.Namespace) -> SynthesisSettings:
    from ...trainers.recipe_settings import SynthesisSettings
    from ..settings import read_settings, setting

    given = {name: getattr(args, name) for name in FLAGS if getattr(args, name) is not None}
    return read_settings(SynthesisSettings, {**dict(map(setting, args.changes)), **given}, "synthesis")


def _manners(args: argparse.Namespace) -> PromptBuilders:
    """The protocol's prompts, in the way of the profile if one is named."""
    from ...benchmarks.registry import SUITES
    from ...trainers.data import TITLES, data_set
    from ...trainers.synthesis.run import PromptBuilders
    from ...trainers.synthesis.stored import NAME

    profile = open_profile(args)
    request = profile.applied if profile else lambda prompt: prompt
    known = args.source in (*TITLES, *SUITES.names())
    original = data_set(args.source if known else NAME).protocol(args.protocol).prompt
    new = data_set(NAME).protocol(args.protocol).prompt
    name = f"{args.protocol} {profile.manner.label if profile else 'plain'}"
    return PromptBuilders(name, lambda item: request(original(item)), lambda item: request(new(item)), request)
