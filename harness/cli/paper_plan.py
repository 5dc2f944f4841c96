"""`proctor paper plan`: every row of the papers' tables, what it is estimated to cost, and how far it is."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, DataError, printable
from .named_models import open_judge_model
from .options import Verb, add, add_judge_model, add_one

if TYPE_CHECKING:
    from ...leaderboards.papers.cost import Assumptions, StageWork, Work
    from ...leaderboards.papers.fill import Filled
    from ...leaderboards.papers.plan import Planned, PlannedTraining
    from ...leaderboards.papers.tables import Table
    from ...trainers.methods.base import PlayedMethod, StagedMethod
    from ...trainers.recipe import Recipe
    from ...trainers.recipe_settings import SynthesisSettings
    from ..runs.judging import JudgeModel


FORMAT_NAMES = ("text", "csv", "markdown")


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Which tables, what there is of them, what is assumed, and in which form."""
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="like mm_upt/1, or 1 for short (default: all)")
    add(parser, "--training", "--runs")
    parser.add_argument(
        "--board",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="boards where numbers are published (default: those in leaderboards/published)",
    )
    parser.add_argument(
        "--assume", action="append", default=[], metavar="KEY=VALUE", help="change an assumption; may be repeated"
    )
    parser.add_argument("--assumptions", action="store_true", help="print what the estimates assume, and nothing else")
    add_one(parser, "--format", choices=FORMAT_NAMES, default="text")
    add(parser, "--json")
    add_judge_model(parser)


def _plan(args: argparse.Namespace) -> int:
    """Print the plan; what is damaged is named on stderr, and ends with exit code 2."""
    from ...leaderboards.papers.cost import assume
    from ...leaderboards.papers.plan import Known, make_plan
    from ...leaderboards.papers.tables import PAPERS, open_library
    from .terminal import log

    assumed = assume(args.assume)
    if args.assumptions:
        return _print_assumptions(args, assumed)
    library = open_library(*args.tables)
    tables = [library.table(name) for name in dict.fromkeys(args.tables)] or list(library.tables.values())
    recipes = written_recipes(tables)
    problems: dict[str, None] = {}
    trainings = _trainings(args.training, {name: work.steps for name, work in recipes.items()}, problems)
    filling = _Filling(tables, {name: work.steps for name, work in recipes.items()}, open_judge_model(args), problems)
    runs = filling.of(args.runs)
    boards = filling.of(args.board or _published(PAPERS.folder.parent / "published"))
    _print(args, make_plan(tables, Known(recipes, trainings, runs, boards), assumed), assumed)
    for problem in problems:
        log(printable(f"left out: {problem}"))
    return DataError.exit_code if problems else EXIT_OK


def _print(args: argparse.Namespace, rows: Sequence[Planned], assumed: Assumptions) -> None:
    from ...leaderboards.papers.plan import FORMATS, total
    from .terminal import emit_json

    if not args.json:
        print(FORMATS[args.format](rows, assumed), end="")
        return
    emit_json(
        {
            "rows": [one.to_json() for one in rows],
            "total": dataclasses.asdict(total(rows)),
            "assumptions": dataclasses.asdict(assumed),
        }
    )


def _print_assumptions(args: argparse.Namespace, assumed: Assumptions) -> int:
    from ...leaderboards.papers.plan import assumptions
    from .terminal import emit_json

    if args.json:
        emit_json([{"name": name, "value": value, "meaning": meaning} for name, value, meaning in assumed.told()])
    else:
        print(*assumptions(assumed), sep="\n")
    return EXIT_OK


def _trainings(
    paths: Sequence[Path], steps: Mapping[str, int], problems: dict[str, None]
) -> dict[str, list[PlannedTraining]]:
    """The trainings by recipe; what is damaged goes to `problems`."""
    from ...leaderboards.papers.plan import PlannedTraining, State
    from ...trainers.provenance import look_at_training, training_folders

    found: dict[str, list[PlannedTraining]] = {}
    for path in training_folders(paths):
        try:
            one = look_at_training(path)
        except DataError as error:
            problems[str(error)] = None
            continue
        ended = one.finished and one.step == steps.get(one.recipe)
        state = State.TRAINED if ended else State.RUNNING if one.running else State.STOPPED
        found.setdefault(one.recipe, []).append(PlannedTraining(str(path), one.seed, one.step, state))
    return found


def _published(folder: Path) -> list[Path]:
    """The boards that this distribution publishes."""
    from ...leaderboards.board.evidence import is_board

    return sorted(one for one in folder.iterdir() if is_board(one)) if folder.is_dir() else []


@dataclasses.dataclass(frozen=True)
class _Filling:
    """Fills the tables; what is damaged goes to `problems`."""

    tables: Sequence[Table]
    steps: Mapping[str, int]
    judge_model: JudgeModel | None
    problems: dict[str, None]

    def of(self, paths: Sequence[Path]) -> dict[str, Filled]:
        """The tables by name, as the runs in `paths` fill them; nothing without any run."""
        from ...benchmarks.examination import read_answers, score_answers
        from ...leaderboards.papers.fill import fill

        with ExitStack() as stack:
            runs = [run for path in paths for run in self._runs(path, stack)]
            named = {*map(str, runs)}
            found = {
                table.name: fill(
                    table,
                    runs,
                    self.steps,
                    lambda path, rules: score_answers(read_answers(path), rules, self.judge_model),
                )
                for table in self.tables
                if runs
            }
        damaged = (one for filled in found.values() for one in filled.left_out if one.run in named)
        self.problems.update((one.reason, None) for one in damaged)
        return found

    def _runs(self, path: Path, stack: ExitStack) -> Iterator[Path]:
        """Run directories among and under `path`, or of a board, unpacked; none in a folder that nothing was put in yet."""
        from ...leaderboards.board.evidence import is_board, run_folders
        from ..files import RUN_FILE

        empty = path.is_dir() and not is_board(path) and not any(path.glob(f"*/{RUN_FILE}"))
        if empty and not (path / RUN_FILE).is_file():
            return
        try:
            yield from stack.enter_context(run_folders([path]))
        except DataError as error:
            self.problems[str(error)] = None


REPLIES_PER_ANSWER = ("judgements", "verdicts")
"""Settings by which a method says how many replies it asks for about each of its answers."""
PICTURES = 2101
"""Of Geometry3K (the card of hiyouga/geometry3k), for a synthesis that takes all pictures: the papers' are of that set."""


def written_recipes(tables: Iterable[Table]) -> dict[str, Work]:
    """Those of the tables' recipes that there are, with their work. Raises UsageError for one that cannot be read."""
    from ...trainers.recipe import RECIPES, load_recipe

    names = {name for table in tables for row in table.rows for name in row.recipes}
    return {name: work_of(load_recipe(name)) for name in sorted(names) if name in RECIPES}


def work_of(recipe: Recipe) -> Work:
    """What a training by the recipe does, whichever trainer it names."""
    from ...leaderboards.papers.cost import Work
    from ...trainers.methods.base import StagedMethod
    from ...trainers.methods.registry import open_method

    method = open_method(recipe)
    recompute = recipe.openrlhf is None or recipe.openrlhf.gradient_checkpointing
    stages = tuple(_staged(recipe, method) if isinstance(method, StagedMethod) else [_played(recipe, method)])
    before = () if recipe.synthesis is None else (_synthesis(recipe.synthesis),)
    return Work(recipe.policy.steps * len(stages), (*before, *stages), recompute)


def _synthesis(settings: SynthesisSettings) -> StageWork:
    """Questions for each picture, and the answers that filter them; in context, answers to the set's own question first."""
    from ...leaderboards.papers.cost import StageWork
    from ...trainers.recipe_settings import IN_CONTEXT

    pictures, new = settings.images or PICTURES, settings.per_image
    own = settings.how == IN_CONTEXT
    answers = pictures * (new + new * settings.samples + own * settings.samples)
    return StageWork("synthesis", pictures * (1 + new + own), answers, settings.max_tokens, learnt=0, passed=0)


def _played(recipe: Recipe, method: PlayedMethod) -> StageWork:
    """Every learnt answer is read by the policy before an update, and by the reference if the KL loss has a coefficient.

    Of a method whose steps differ, as many as in a step that does the most.
    """
    from ...leaderboards.papers.cost import StageWork
    from ...trainers.base import needs_judge
    from ...trainers.methods.base import counts
    from ...trainers.methods.playing import answers_of_step
    from ...trainers.rewards.registry import open_reward

    items, each = recipe.policy.steps * recipe.policy.prompts, counts(method, recipe.sampling.n)
    answers, learnt = items * each.answers, recipe.policy.steps * answers_of_step(recipe, method)
    reward = open_reward(recipe.reward, recipe.reward_settings)
    judge = recipe.spelled_out(reward=reward).judge if needs_judge(reward) else None
    judgements = answers * judge.repeats if judge else 0
    passed = learnt * (2 if recipe.policy.kl > 0 else 1)
    return StageWork(
        recipe.method, items * each.prompts, answers, recipe.sampling.max_tokens, learnt, passed, judgements
    )


def _staged(recipe: Recipe, method: StagedMethod) -> Iterator[StageWork]:
    """A preference is two responses, which the model that the stage starts from reads too."""
    from ...leaderboards.papers.cost import StageWork
    from ...trainers.methods.base import Dpo

    prompts, examples = recipe.collect.prompts, recipe.policy.steps * recipe.policy.prompts
    answers = prompts * recipe.sampling.n
    settings = getattr(method, "settings", None)
    replies = sum(getattr(settings, name, 0) for name in REPLIES_PER_ANSWER)
    for number, stage in enumerate(method.stages, start=1):
        prefers = isinstance(stage.objective, Dpo)
        learnt, passed = (2 * examples, 2 * examples) if prefers else (examples, 0)
        name = f"{number} {stage.name}"
        yield StageWork(name, prompts, answers, recipe.sampling.max_tokens, learnt, passed, answers * replies)


VERBS = {
    "paper plan": Verb(
        _plan_arguments,
        _plan,
        (
            "proctor paper plan",
            "proctor paper plan mm_upt/1 --training papers/trainings --runs papers/runs --format csv",
        ),
    ),
}
