"""`proctor reward`: is a reward idea sound, and is it better than another, before anything is trained?"""

from __future__ import annotations

import argparse
from importlib import import_module

FORMS: dict[str, str] = {
    "check": "hold a reward to its contract: length, bounds, order, seed, equal answers, no hidden labels, speed",
    "record": "draw groups of answers from a model and store them, with a judge's scores if one is named",
    "bench": "put rewards side by side on recorded groups, with errors",
    "simulate": "simulate what training by each reward would do to recorded answers",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The forms, each a file of its own, `reward_FORM.py`."""
    forms = parser.add_subparsers(dest="form", metavar="FORM", required=True)
    for name, summary in FORMS.items():
        module = import_module(f".reward_{name}", __package__)
        form = forms.add_parser(name, help=summary, description=summary.capitalize() + ".")
        module.add_arguments(form)
        form.set_defaults(run_form=module.run)


def run(args: argparse.Namespace) -> int:
    """Run the form that was named."""
    code: int = args.run_form(args)
    return code
