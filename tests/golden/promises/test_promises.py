"""What must stay as it is whatever is moved or renamed: identities, digests, names of fields, and what older code wrote.

    NAME.json    the values of one section of COLLECTORS, taken when the promise was made
    stored/      a run, a board with a language model's replies, and a training, written by the code of that time

A difference is a broken promise: stored runs would not resume, published rows would not be reproduced, files would not be
read. Where one is meant, take the values anew, deliberately, and say in the commit why:

    python tests/golden/promises/test_promises.py rewrite [SECTION ...]

The folders under `stored/` stay: they are what older code wrote.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proctor.benchmarks.examination import plan, run_path, score_run
from proctor.benchmarks.gold import ERRATA_DIGEST
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import GRADER_VERSION
from proctor.harness.cli import main
from proctor.harness.engines.base import ENGINES
from proctor.harness.engines.http_client import Completion
from proctor.harness.engines.replay import ReplayEngine
from proctor.harness.profiles import load_profile, profiles
from proctor.harness.runs.checkpoints import COMPLETE
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.judging import JudgeModel, ReplyBook
from proctor.harness.runs.provenance import configuration_digest, weights_digest
from proctor.harness.types import Item, Request, Response, Sampling, digest, digest_all, sample_seed
from proctor.trainers.base import Group, make_group
from proctor.trainers.groups import judge_run
from proctor.trainers.judge_prompt import judge_prompt
from proctor.trainers.methods.registry import METHODS
from proctor.trainers.provenance import look_at_training, provenance_of
from proctor.trainers.recipe import RECIPES as RECIPES_BY_NAME
from proctor.trainers.recipe import PromptSettings, load_recipe
from proctor.trainers.recipe_settings import JudgeSettings
from proctor.trainers.resolve import resolve
from proctor.trainers.rewards.advantages import advantage
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.rewards.registry import REWARDS, TRAINERS, open_reward
from proctor.trainers.sampler import asking, training_prompts
from proctor.trainers.synthesis.run import Author, PromptBuilders, Synthesis, open_source
from proctor.trainers.tiny import BASE, JUDGE, TALKER
from proctor.trainers.training import TrainingFolder

HERE = Path(__file__).parent
STORED = HERE / "stored"
PUBLISHED = HERE.parents[2] / "leaderboards" / "published"
RECIPES = RECIPES_BY_NAME.folder
RUN_FILES = ("run.json", "items.jsonl", "responses.jsonl")
MOST_ITEMS = 40
"""So many items of a suite are answered; all of them are asked."""
SMALL = ("policy.prompts=2", "policy.minibatches=1", "sampling.n=2", "checkpoint_every=2")
REFEREE = "scripted-judge"
VERDICTS = ("Verdict: 1", "Verdict: 0", "They agree.")
ANSWERS = ("Answer: A", "Answer: none", "Answer: 5", "The answer can not be read.")
"""What the scripted language model replies; the last cannot be read."""
REWRITING = sys.argv[1:2] == ["rewrite"]
HOW = Sampling(n=4, temperature=1.0, max_tokens=64, seed=3)


# The doors: all that is asked of the code, so that what is below them need not change with it.


def proctor(*arguments: object) -> tuple[int, str]:
    """The exit code of `proctor ...` and what it printed."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        code = main([str(argument) for argument in arguments])
    return code, out.getvalue()


def examine(*arguments: object) -> Any:
    """What an examination prints."""
    code, out = proctor("eval", *arguments, "--json")
    assert code == 0, out
    return json.loads(out)


def rescore(run: Path, protocols: Sequence[str], verdicts: Path) -> Any:
    """What scoring prints; every verdict is written to a file. Answers without a verdict are fine."""
    code, out = proctor("score", run, "--score-protocol", ",".join(protocols), "--verdicts", verdicts, "--json")
    assert code in (0, 3), out
    return json.loads(out)


def build_board(run: Path, protocols: Sequence[str], book: Path, out: Path) -> None:
    """A board of one run, judged with kept replies."""
    judge = ("--judge-model", REFEREE, "--judge-replies", book)
    code, said = proctor(
        "board", "build", run, "--score-protocol", ",".join(protocols), *judge, "--out", out, "--draft"
    )
    assert code in (0, 3), said


def verify_board(board: Path) -> Any:
    """What verifying prints."""
    _, out = proctor("board", "verify", board, "--json")
    return json.loads(out)


def train_a_little(recipe: str, steps: int, out: Path) -> None:
    """A training of a few steps on two prompts."""
    changes = [part for change in (*SMALL, f"policy.steps={steps}") for part in ("--set", change)]
    code, said = proctor("train", recipe, "--base", BASE, "--out", out, *changes)
    assert code == 0, said


def whole_recipe(name: str, changes: Sequence[str] = ()) -> Any:
    """A recipe as a training stores it, as JSON."""
    return plain(resolve(load_recipe(name, changes)).to_json())


def asked_by(suite: str, protocol: str, profile: str | None = None) -> Examination:
    """The examination of a bundled sample."""
    return plan(suite, protocol, HOW, profile=None if profile is None else load_profile(profile))


def protocols_of(suite: str) -> Mapping[str, Any]:
    """The protocols of a suite that were there when the values were taken; one that came later promises nothing yet."""
    found, held = SUITES.get(suite).protocols, json.loads((HERE / "asked.json").read_text()).get(suite)
    return {name: found[name] for name in sorted(found if held is None or REWRITING else found.keys() & held.keys())}


# Small helpers and scripted actors.


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    return json.loads(json.dumps(value))


def sha256(content: bytes) -> str:
    """SHA-256 (hex)."""
    return hashlib.sha256(content).hexdigest()


def lines(file: Path) -> list[Any]:
    """The values of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def names(value: Any) -> Any:
    """The names of the fields of nested objects in their order; of a list only those of its first entry."""
    if isinstance(value, dict):
        return [[name, inner] if (inner := names(one)) else name for name, one in value.items()]
    return [names(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file of a folder, but locks."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}


def entries(folder: Path) -> list[str]:
    """The names of what lies in a folder, but hidden files."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@dataclass
class Scripted:
    """An engine that answers each sample of an item from a table."""

    says: Callable[[str, int], str]
    name: str = "scripted"

    def identity(self) -> dict[str, str]:
        """Who answers."""
        return {"engine": "scripted", "weights": "w"}

    def versions(self) -> dict[str, str]:
        """For the record."""
        return {"scripted": "1"}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The answers in order; those that end with three dots were cut off."""
        for request in requests:
            for sample in request.samples:
                text = self.says(request.item_id, sample)
                reason = "length" if text.endswith("...") else "stop"
                yield Response(request.item_id, sample, text, None, reason, 7, len(text))


@dataclass
class ScriptedServer:
    """A language model that takes protocols' steps; what it says depends on the request alone."""

    readable: bool = False
    requests: list[str] = field(default_factory=list)

    def ask_all(self, bodies: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Completion]]:
        """A reply to each request."""
        for key, body in bodies:
            name = digest(body)
            self.requests.append(name)
            said = VERDICTS if "'Verdict: 1'" in body["messages"][0]["content"] else ANSWERS
            said = said[: -1 if self.readable else None]
            yield key, Completion(said[int(name[:8], 16) % len(said)], "stop", 1, 1)


@dataclass
class ScriptedJudge:
    """A judge of responses to training prompts: 0.75 where there is a five."""

    trouble: str = ""

    def identity(self) -> dict[str, str]:
        """Who judges."""
        return {"judge": "scripted"}

    def score(self, groups: Sequence[Group], seed: int) -> list[tuple[float | None, ...]]:
        """A score for each response of each group."""
        return [tuple(0.75 if "5" in text else 0.25 for text in group.responses) for group in groups]


def said_to(item: Item) -> tuple[str, ...]:
    """Responses to an item, of the forms in which models answer, right ones and wrong ones."""
    gold, first = item.answer, item.choices[0] if item.choices else "3/4"
    letter = "ABCDEFGH"[item.choices.index(gold)] if gold in item.choices else gold
    return (
        f"We see it in the picture, so \\boxed{{{gold}}}.",
        f"The answer is {letter}.",
        f"({letter})",
        f"**Answer:** {first}",
        "Option (B) is right, not (A). \\boxed{B}",
        f"<think>It may be \\boxed{{7}}.</think>\\boxed{{\\text{{{gold}}}}}",
        "\\boxed{\\frac{1}{2}} or \\boxed{0.5}",
        "Step 1: 2 + 3 = 5. Therefore, the final answer is $5$.",
        f"Final Answer: {gold} cm",
        '{"A": "blue", "answer": 12.0}',
        "Five of them, that is 5%, and then it goes on and on ...",
        "",
    )


def answered(suite: str, out: Path) -> Path:
    """A run of the first items of a suite, answered in all those forms."""
    several = dataclasses.replace(HOW, n=12)
    examination = plan(suite, "strict", several, limit=MOST_ITEMS)
    texts = {one.item.id: said_to(one.item) for one in examination.asked}
    run_eval(examination, Scripted(lambda item, sample: texts[item][sample]), out)
    return out


def groups() -> list[Group]:
    """Groups of responses to training prompts, with labels and a judge's scores."""
    found = []
    for number, item in enumerate(training_prompts(PromptSettings(), 0, labels=True)(1, 3)):
        texts = [*said_to(item)[:4], *(f"\\boxed{{{value}}}" for value in (5, 5, 6, 7, "C", "C"))]
        group = make_group(item, texts, needs_gold=True)
        scores = tuple(None if place == number + 3 else place / 10 for place in range(len(texts)))
        row = [place / 16 for place in range(len(texts))]
        told = {"logprobs": tuple((-one, -1.0) for one in row), "entropies": tuple((one, 0.5) for one in row)}
        found.append(dataclasses.replace(group, judge_scores=scores, **told))
    return found


def marks(verdicts: Iterable[Mapping[str, Any]]) -> str:
    """Verdicts at a glance: 1 right, 0 wrong, - none."""
    return "".join({True: "1", False: "0", None: "-"}[one["correct"]] for one in verdicts)


# The sections: what is held.


def asked() -> Any:
    """Every suite's bundled sample under every protocol, and by every profile: versions, digests, the name of a run."""
    model = Scripted(lambda item, sample: "")
    found: dict[str, Any] = {}
    for suite in SUITES.names():
        found[suite] = {}
        for name, protocol in protocols_of(suite).items():
            examination = asked_by(suite, name)
            manifest = examination.manifest(model)
            held = {key: manifest.identity[key] for key in ("items", "data", "images", "prompts")}
            found[suite][name] = {"version": protocol.version, **held, "run_id": manifest.run_id}
        for profile in sorted(profiles()):
            manifest = asked_by(suite, "strict", profile).manifest(model)
            found[suite][f"strict by {profile}"] = {"asked_by": manifest.asked_by, "run_id": manifest.run_id}
    return found


def verdicts() -> Any:
    """What every protocol says of a fixed set of responses, by the command line."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for suite in SUITES.names():
            run, file = answered(suite, Path(folder) / suite), Path(folder) / f"{suite}.verdicts"
            scored = rescore(run, list(protocols_of(suite)), file)
            every = lines(file)
            found[suite] = {"run": {name: sha256((run / name).read_bytes()) for name in RUN_FILES[1:]}}
            for one in scored:
                del one["run"], one["asked"]
                own = [verdict for verdict in every if verdict["protocol"] == one["protocol"]]
                found[suite][one["protocol"]] = {
                    "score": digest(rounded(one)),
                    "verdicts": digest_all(own),
                    "rules": dict(sorted(Counter(verdict["rule"] for verdict in own).items())),
                    "marks": marks(own),
                }
    return found


def rounded(value: Any) -> Any:
    """The value, its numbers to nine places."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, 9) if isinstance(value, float) else value


def refereed() -> Any:
    """What protocols ask of a language model, and what they make of its replies."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for suite in SUITES.names():
            run = answered(suite, Path(folder) / suite)
            for name, protocol in protocols_of(suite).items():
                if not (protocol.extractor or protocol.judge):
                    continue
                book, server = Path(folder) / f"{suite} {name}.jsonl", ScriptedServer()
                scored = score_run(run, name, JudgeModel(REFEREE, ReplyBook(book), server))
                told = [verdict.to_json() for verdict in scored.verdicts]
                found[f"{suite} {name}"] = {
                    "requests": digest_all(server.requests),
                    "book": sha256(book.read_bytes()) if book.exists() else None,
                    "verdicts": digest_all(told),
                    "marks": marks(told),
                }
    return found


def files() -> Any:
    """The names of the fields of everything that is written, in their order."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run = answered("logicvista", folder / "run")
        replayed = folder / "replayed"
        run_eval(plan("logicvista", "strict", dataclasses.replace(HOW, n=12)), ReplayEngine(run), replayed)
        judge_run(run, ScriptedJudge(), JudgeSettings())
        book = folder / "book.jsonl"
        score_run(run, "official", JudgeModel(REFEREE, ReplyBook(book), ScriptedServer()))
        build_board(run, ["strict", "official"], book, folder / "board")
        train_a_little("actor_judge_figures", 1, folder / "training")
        scored = rescore(run, ["strict"], folder / "verdicts.jsonl")
        training = folder / "training"
        return {
            "run": entries(run),
            "run.json": {one.name: names(json.loads((one / "run.json").read_text())) for one in (run, replayed)},
            "items.jsonl": names(lines(run / "items.jsonl")[0]),
            "responses.jsonl": names(lines(run / "responses.jsonl")[0]),
            "replayed items and responses": [sha256((replayed / name).read_bytes()) for name in RUN_FILES[1:]],
            "judge.jsonl": [names(line) for line in lines(run / "judge.jsonl")[:2]],
            "judge.jsonl digest": sha256((run / "judge.jsonl").read_bytes()),
            "kept replies": names(lines(book)[0]),
            "board": entries(folder / "board"),
            "board.csv": (folder / "board" / "board.csv").read_text().splitlines()[0].split(","),
            "score": names(scored),
            "verdicts": names(lines(folder / "verdicts.jsonl")[0]),
            "verify": names(verify_board(folder / "board")),
            "training": entries(training),
            "checkpoint": entries(training / "checkpoints" / "step-000001"),
            "training.json": names(json.loads((training / "training.json").read_text())),
            "metrics.jsonl": names(lines(training / "metrics.jsonl")[0]),
            "trained_on.json": names(json.loads((training / "trained_on.json").read_text())),
            "finished.json": names(json.loads((training / "finished.json").read_text())),
        }


def digests() -> Any:
    """Checkpoints, versions, the names that plugins and settings go by."""
    bundled = {"base": BASE, "judge": JUDGE, "talker": TALKER}
    registries = (SUITES, ENGINES, REWARDS, METHODS, TRAINERS)
    return {
        "checkpoints": {
            name: {"weights": weights_digest(path), "configuration": configuration_digest(path)}
            for name, path in bundled.items()
        },
        "grader": GRADER_VERSION,
        "errata": ERRATA_DIGEST,
        "profiles": {name: digest(plain(profile.style.to_json())) for name, profile in sorted(profiles().items())},
        "registries": {one.kind: {"group": one.group, "names": sorted(one.builtin)} for one in registries},
        "figures": digest_all(one.item.to_json() for one in asked_by("figures", "strict").asked),
        "folder of a run": run_path(Path(), asked_by("iconqa", "official"), Scripted(lambda item, sample: "")).name,
        "sample seed": sample_seed(3, "q1", 2),
        "published": {
            board.name: {
                "board.csv": sha256((board / "board.csv").read_bytes()),
                "evidence": digest_all(entries(board / "evidence")),
                "rows": sum(1 for _ in csv.reader((board / "board.csv").open())) - 1,
            }
            for board in sorted(PUBLISHED.iterdir())
            if board.is_dir()
        },
    }


def trainings() -> Any:
    """Recipes as trainings store them, training prompts, questions about pictures, rewards and advantages."""
    recipes = sorted(file.stem for file in RECIPES.glob("*.toml"))
    loaded = {name: load_recipe(name) for name in recipes}
    drawn = {seed: training_prompts(PromptSettings(), seed) for seed in (0, 1)}
    judged, model = groups(), {"weights": "w"}
    builders = PromptBuilders("m", *(asking(loaded["mm_upt_figures"]),) * 2, lambda prompt: prompt)
    return {
        "recipes": {name: digest(whole_recipe(name)) for name in recipes},
        "prompts": {
            f"seed {seed} step {step}": digest_all(item.to_json() for item in batch(step, 4))
            for seed, batch in drawn.items()
            for step in (1, 2, 3)
        },
        "asked": {
            name: digest_all(asking(recipe)(item).digest() for item in drawn[0](1, 4))
            for name, recipe in loaded.items()
            if recipe.prompts.suite == "figures"
        },
        "synthesis": {
            name: digest(
                plain(
                    Synthesis(
                        open_source("figures", None, 8, 0),
                        recipe.synthesis,
                        Author(model, lambda: Scripted(lambda item, sample: "")),
                        builders,
                        0,
                    ).identity()
                )
            )
            for name, recipe in loaded.items()
            if recipe.synthesis is not None
        },
        "rewards": {
            name: [rounded(list(map(float, open_reward(name, {})(group, 7)))) for group in judged]
            for name in sorted(REWARDS.builtin)
        },
        "advantages": {
            name: rounded(
                list(map(float, advantage(name)(np.array(open_reward("frequency", {})(judged[0], 7), dtype=float))))
            )
            for name in sorted({recipe.advantage for recipe in loaded.values()})
        },
        "judge prompts": {style: judge_prompt(judged[0], 0, style).digest() for style in ("full", "short")},
    }


COLLECTORS: Mapping[str, Callable[[], Any]] = {
    one.__name__: one for one in (asked, verdicts, refereed, files, digests, trainings)
}


@pytest.mark.parametrize("section", COLLECTORS)
def test_nothing_of_it_has_changed(section: str) -> None:
    frozen = json.loads((HERE / f"{section}.json").read_text())
    assert plain(COLLECTORS[section]()) == frozen


# What older code wrote.


def copied(name: str, tmp_path: Path) -> Path:
    """A stored folder, to write in."""
    return Path(shutil.copytree(STORED / name, tmp_path / name))


def test_an_older_run_is_scored_and_goes_on_as_the_same(tmp_path: Path) -> None:
    run = copied("run", tmp_path)
    before, manifest = contents(run), json.loads((run / "run.json").read_text())
    (scored,) = rescore(run, ["strict"], tmp_path / "verdicts.jsonl")
    assert (scored["run_id"], scored["status"]) == (manifest["run_id"], "complete")
    assert (scored["correct"], scored["total"], scored["cross_prompt"]) == (10, 12, False)
    drawn = ("--samples", 2, "--temperature", 1, "--max-tokens", 48)
    (again,) = examine("--model", BASE, "--suite", "figures", "--limit", 6, *drawn, "--run", run)
    assert again == scored
    assert contents(run) == before


def test_an_older_run_can_be_replayed(tmp_path: Path) -> None:
    run = copied("run", tmp_path)
    drawn = ("--samples", 2, "--temperature", 1, "--max-tokens", 48)
    said = examine(
        "--model", run, "--engine", "replay", "--suite", "figures", "--limit", 6, *drawn, "--run", tmp_path / "new"
    )
    assert (said[0]["correct"], said[0]["total"]) == (10, 12)
    assert contents(tmp_path / "new")["responses.jsonl"] == contents(run)["responses.jsonl"]


def test_an_older_board_is_verified(tmp_path: Path) -> None:
    board = copied("board", tmp_path)
    report = verify_board(board)
    assert report["verified"], report
    assert report["reproduced"] == len(report["rows"]) > 2
    assert "official" in {row["protocol"] for row in report["rows"]}
    table = board / "board.csv"
    table.write_text(table.read_text().replace(",complete,", ",partial,", 1))
    assert not verify_board(board)["verified"]


def test_an_older_training_is_known_and_can_be_resumed(tmp_path: Path) -> None:
    training = copied("training", tmp_path)
    checkpoint = Path(shutil.copytree(BASE, training / "checkpoints" / "step-000002"))
    (checkpoint / COMPLETE).touch()
    found, made = look_at_training(training), provenance_of(checkpoint)
    changed = (
        "actor_judge_figures (changed: policy.minibatches, policy.prompts, policy.steps, reward_settings.votes, ...)"
    )
    assert (found.recipe, found.seed, found.step, found.finished) == (changed, 0, 2, True)
    assert found.base == weights_digest(BASE)
    assert made is not None
    assert (made.recipe, made.step, made.base) == (changed, 2, found.base)

    examine("--model", checkpoint, "--suite", "figures", "--limit", 1, "--max-tokens", 8, "--run", tmp_path / "run")
    recorded = json.loads((tmp_path / "run" / "run.json").read_text())["environment"]
    assert recorded["training"] == plain(made.to_json())
    assert recorded["overlap"] != "unknown"

    recipe = load_recipe("actor_judge_figures", [*SMALL, "policy.steps=2", "reward_settings.votes=classes"])
    assessor = RewardPipeline.from_recipe(recipe, BASE)
    with TrainingFolder(training, assessor.recipe, BASE, resume=True, more=assessor.identity()) as folder:
        assert folder.last_step() == 2
    assert contents(training)["metrics.jsonl"] == contents(STORED / "training")["metrics.jsonl"]
    assert contents(training)["training.json"] == contents(STORED / "training")["training.json"]


def rewrite(sections: Sequence[str]) -> None:
    """Take the values of these sections anew, all without a name."""
    for section in sections or COLLECTORS:
        text = json.dumps(plain(COLLECTORS[section]()), indent=1) + "\n"
        (HERE / f"{section}.json").write_text(text)


if __name__ == "__main__":
    if not REWRITING:
        sys.exit("say `rewrite [SECTION ...]` to take the frozen values anew")
    rewrite(sys.argv[2:])
