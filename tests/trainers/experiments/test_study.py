"""A study's file is read strictly, what it asks is planned before anything is done, and everything wrong is told at once."""

import json
import shutil
from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.types import Sampling
from proctor.trainers.experiments.preflight import preflight, to_fetch
from proctor.trainers.experiments.study import Study, load_study
from proctor.trainers.experiments.study_plan import plan_study
from proctor.trainers.experiments.study_steps import study_steps
from proctor.trainers.recipe import load_recipe
from proctor.trainers.resolve import resolve
from proctor.trainers.tiny import BASE

SMALL = """
[suites]
iconqa = "sample"
chartqa = { data = "sample", limit = 3 }

[models]
base = "tiny"
"""
ENGINE = """
from pathlib import Path
from proctor.harness.types import Response


class Says:
    def __init__(self, target, options):
        self.name = target

    def identity(self):
        return {"says": self.name}

    def versions(self):
        return {}

    def generate(self, requests, sampling):
        for request in requests:
            for sample in request.samples:
                with Path("asked").open("a") as file:
                    file.write("x")
                yield Response(request.item_id, sample, "\\\\boxed{" + self.name + "}", None, "stop", 3, 4)
"""


def study(folder: Path, text: str, name: str = "study.toml") -> Study:
    (folder / name).write_text(text)
    return load_study(folder / name)


def test_short_and_long_forms_are_the_same_and_paths_are_from_the_file(tmp_path):
    (tmp_path / "checkpoints" / "mine").mkdir(parents=True)
    read = study(
        tmp_path,
        """
        [suites]
        mathvision = "items/vision.jsonl"
        mathverse = "hub:text_only"
        [models]
        mine = "checkpoints/mine"
        served = { model = "org/name", engine = "openai", engine_options = { concurrency = 8, "body.top_k" = 1 } }
        [trainings.short]
        recipe = "recipes/short.toml"
        base = "mine"
        seeds = [1, 2]
        set.policy.steps = 4
        set.reward = "my.py:score"
        [compare]
        short = ["mine", "served"]
        """,
    )
    assert read.out == tmp_path / "study"
    assert read.suites["mathvision"].path == tmp_path / "items" / "vision.jsonl"
    assert read.suites["mathverse"].path == Path("hub:text_only")
    assert read.models["mine"].model == str(tmp_path / "checkpoints" / "mine")
    assert read.models["served"].model == "org/name"
    assert read.models["served"].options == {"concurrency": "8", "body.top_k": "1"}
    assert read.trainings["short"].recipe == str(tmp_path / "recipes" / "short.toml")
    assert read.trainings["short"].changes == ["policy.steps=4", f'reward="{tmp_path / "my.py:score"}"']
    assert list(read.comparisons) == [("mine", "short"), ("served", "short")]


def test_a_study_is_laid_over_those_that_it_extends(tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "suites.toml").write_text('out = "elsewhere"\n[suites]\niconqa = "items.jsonl"\n')
    (tmp_path / "models.toml").write_text('extends = "common/suites.toml"\n[models]\nbase = "tiny"\n')
    read = study(
        tmp_path,
        'extends = "models.toml"\n[suites]\niconqa = { limit = 2 }\n[models]\nbase = { profile = "tiny" }\n',
        "mine.toml",
    )
    assert read.out == tmp_path / "mine"
    assert (read.suites["iconqa"].path, read.suites["iconqa"].limit) == (tmp_path / "common" / "items.jsonl", 2)
    assert (read.models["base"].model, read.models["base"].profile) == ("tiny", "tiny")
    (tmp_path / "models.toml").write_text('extends = "mine.toml"')
    with pytest.raises(UsageError, match=r"study models\.toml: extends mine\.toml, which extends it in turn"):
        load_study(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("[sutes]\n", "unknown key 'sutes'; did you mean suites?"),
        ('[models.b]\nmodel = "x"\nengin = "vllm"', r"models\.b: unknown key 'engin'; did you mean engine?"),
        ("[models.b]\nmodel = 3", r"models\.b: model must be a text, not 3"),
        ("[examine]\nseeds = [0, 0]", "seeds must be from 1 to 100 different numbers"),
        ("[examine]\nseeds = [0, 1]\ntemperature = 0.0", "greedy answers are the same for all"),
        ('[examine]\nsuites = ["iconq"]', r"examine 1: suites: 'iconq' is none of this study; did you mean iconqa\?"),
        ('[compare]\nbas = "base"', r"compare\.bas: 'bas' is none of this study; did you mean base\?"),
        ('[trainings.t]\nrecipe = "mm_upt_figures"\nbase = "bse"', r"trainings\.t: base: 'bse' is none"),
        ('[trainings.base]\nrecipe = "mm_upt_figures"', "'base' is a model and a training"),
        ('[trainings.t]\nrecipe = "x"\nexamine = "some"', r"trainings\.t: examine must be final or all"),
        ('[trainings.t]\nrecipe = "x"\nset.seed = 3', "name seeds"),
        ("[models\n", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, more, told):
    with pytest.raises(UsageError, match=told) as raised:
        study(tmp_path, SMALL + more)
    assert "\n" not in str(raised.value)


def test_protocols_with_the_same_prompt_only_judge(tmp_path):
    plan = plan_study(study(tmp_path, SMALL + '[examine]\nprotocols = ["strict", "official", "mm_upt"]\n'))
    (base,) = plan.models
    asked = [(one.examination.suite, one.examination.protocol, one.protocols, one.answers) for one in base.askings]
    assert asked == [
        ("iconqa", "strict", ("strict", "mm_upt"), 7),
        ("iconqa", "official", ("official",), 7),
        ("chartqa", "strict", ("strict", "mm_upt"), 3),
        ("chartqa", "official", ("official",), 3),
    ]
    assert base.target == str(BASE)
    assert plan.problems == ()


def test_each_examination_has_its_sampling_and_seeds(tmp_path):
    entries = """
        [[examine]]
        [[examine]]
        suites = ["iconqa"]
        samples = 4
        temperature = 0.7
        seeds = [3, 4]
    """
    (base,) = plan_study(study(tmp_path, SMALL + entries)).models
    assert [(one.examination.suite, one.entry, one.examination.sampling) for one in base.askings] == [
        ("iconqa", 1, Sampling(max_tokens=1024)),
        ("chartqa", 1, Sampling(max_tokens=1024)),
        ("iconqa", 2, Sampling(n=4, temperature=0.7, max_tokens=1024, seed=3)),
        ("iconqa", 2, Sampling(n=4, temperature=0.7, max_tokens=1024, seed=4)),
    ]


def test_a_training_stands_after_the_one_that_it_starts_from(tmp_path):
    more = """
        [trainings.second]
        recipe = "mm_upt_figures"
        base = "first"
        seeds = [0, 1]
        [trainings.first]
        recipe = "sft_figures"
        base = "base"
        seeds = [0, 1]
        examine = "all"
    """
    plan = plan_study(study(tmp_path, SMALL + more))
    assert plan.problems == ()
    assert [(one.name, one.seed) for one in plan.trainings] == [
        ("first", 0),
        ("first", 1),
        ("second", 0),
        ("second", 1),
    ]
    assert [one.training.recipe.seed for one in plan.trainings] == [0, 1, 0, 1]
    assert plan.trainings[0].base == BASE
    assert plan.trainings[3].base is plan.trainings[1]
    assert plan.trainings[0].checkpoints > 1 == plan.trainings[2].checkpoints
    circle = more.replace('base = "base"', 'base = "second"')
    assert "starts from itself" in plan_study(study(tmp_path, SMALL + circle)).problems[0]


def test_everything_wrong_is_told_at_once_and_nothing_is_begun(tmp_path, monkeypatch, cli):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text(
        SMALL
        + """
        gone = "checkpoints/gone"
        served = { model = "y", engine = "openai", engine_options = { url = "http://127.0.0.1:1/v1" } }
        lacking = { model = "tiny", engine = "no_such_engine" }
        [examine]
        protocols = ["strict", "offical", "judged"]
        [trainings.geo]
        recipe = "mm_upt_geoqa"
        base = "gone"
        [trainings.wrong]
        recipe = "mm_upt_figures"
        base = "base"
        set.policy.stepz = 3
        [judge]
        model = "z"
        url = "http://127.0.0.1:1/v1"
        """.replace(
            "[examine]", '[suites.mathvision]\ndata = "hub"\n[suites.mathverse]\ndata = "none.jsonl"\n[examine]'
        )
    )
    done = cli("run", "bad.toml")
    assert (done.code, done.out) == (2, "")
    for told in (
        "suites.mathvision: proctor-data.lock has no mathvision of the hub: pin it first with `proctor suite pull",
        "suites.mathverse: cannot read none.jsonl",
        "examine: no suite here has a protocol 'offical'; did you mean official?",
        "models.gone: checkpoints/gone is no folder, and ",
        "models.served: http://127.0.0.1:1/v1: no connection",
        "models.lacking: no engine is called 'no_such_engine'",
        "trainings.geo: base: checkpoints/gone is no folder, and ",
        "trainings.wrong: recipe mm_upt_figures.toml: policy: unknown key 'stepz'; did you mean steps?",
        "judge: http://127.0.0.1:1/v1: no connection",
    ):
        assert sum(line.startswith(told) for line in done.err.splitlines()) == 1, told
    assert not (tmp_path / "bad").exists()
    again = cli("run", "bad.toml", "--dry-run", "--json")
    assert again.code == 2
    assert json.loads(again.out)["problems"] == done.err.splitlines()


def test_a_judge_that_is_needed_is_asked_for_and_another_training_in_the_folder_is_told(tmp_path):
    text = SMALL.replace("chartqa", "logicvista") + '[examine]\nprotocols = ["official"]\n'
    problems = preflight(plan_study(study(tmp_path, text)))
    assert [one for one in problems if "official of logicvista leaves answers to a language model" in one] == problems
    more = '[trainings.t]\nrecipe = "mm_upt_figures"\nbase = "base"\nset.policy.steps = 3\n'
    planned = plan_study(study(tmp_path, SMALL + more)).trainings[0]
    stored = {"recipe": planned.training.recipe.to_json() | {"reward": "random"}, "base": {"weights": "0"}}
    planned.training.folder.mkdir(parents=True)
    (planned.training.folder / "training.json").write_text(json.dumps({"identity": stored}))
    (tmp_path / "study" / "study.json").write_text("{}")
    (told,) = preflight(plan_study(study(tmp_path, SMALL + more)))
    assert "t-seed-0 holds another training: recipe.reward, base.weights differ" in told


@pytest.mark.parametrize("ended", [False, True])
def test_what_a_resume_may_change_a_study_may_too(tmp_path, ended):
    """Machines and steps of a training that is there; but one that has ended has as many steps as it has."""
    more = '[trainings.t]\nrecipe = "mm_upt_figures"\nset.trainer = "openrlhf"\nset.policy.steps = 3\n'
    planned = plan_study(study(tmp_path, SMALL + more)).trainings[0]
    machine = "openrlhf.micro_train=2", "openrlhf.gpus=2", "openrlhf.engines=2"
    folder = planned.training.folder
    (folder / "checkpoints" / "step-000003").mkdir(parents=True)
    if ended:
        (folder / "finished.json").write_text(json.dumps({"last_checkpoint": "step-000003"}))

    def told(*more_changes: str) -> list[str]:
        stored = load_recipe("mm_upt_figures", ["trainer='openrlhf'", *machine, "policy.steps=3", *more_changes])
        identity = {"recipe": resolve(stored).to_json(), "base": {"weights": weights_digest(BASE)}}
        (folder / "training.json").write_text(json.dumps({"identity": identity}))
        (tmp_path / "study" / "study.json").write_text("{}")
        lines = preflight(plan_study(study(tmp_path, SMALL + more)))
        return [line.partition("another training: ")[2] for line in lines if "another training" in line]

    assert told() == []
    assert told("checkpoint_every=7") == []
    assert [line.partition(" differ")[0] for line in told("policy.steps=4")] == (
        ["recipe.policy.steps"] if ended else []
    )
    assert [line.partition(" differ")[0] for line in told("openrlhf.correct_engine=false")] == [
        "recipe.openrlhf.correct_engine"
    ]


def test_a_study_of_stored_answers_ends_in_board_comparison_and_page_and_asks_nothing_twice(tmp_path, monkeypatch, cli):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "says.py").write_text(ENGINE)
    (tmp_path / "said.toml").write_text("""
        [suites]
        iconqa = "sample"
        chartqa = { data = "sample", limit = 4 }
        [[examine]]
        protocols = ["strict", "mathruler"]
        [[examine]]
        temperature = 0.5
        [models]
        five = { model = "5", engine = "says.py:Says" }
        six = { model = "6", engine = "says.py:Says" }
        [compare]
        six = "five"
    """)
    dry = cli("run", "said.toml", "--dry-run")
    assert dry.code == 0
    assert "in all 8 runs, 44 items, 44 answers, of which 44 are not there yet" in dry.out
    assert "tokens and hours: unknown" in dry.out
    assert not (tmp_path / "said").exists()
    done = cli("run", "said.toml")
    assert done.code == 0, done.err
    assert (tmp_path / "asked").read_text() == "x" * 44
    assert "six against five, by strict, examine 1" in done.out
    assert "six (temperature 0.5)" in done.out
    assert "board:       said/board (" in done.out
    assert (tmp_path / "said" / "page.html").stat().st_size > 100_000
    again = cli("run", "said.toml", "--json")
    found = json.loads(again.out)
    assert (again.code, found["verified"], found["unproven"], len(found["runs"])) == (0, True, [], 8)
    assert [one["title"] for one in found["comparisons"]] == [
        "six against five, by strict, examine 1",
        "six against five, by mathruler, examine 1",
        "six against five, by strict, examine 2",
    ]
    assert (tmp_path / "asked").read_text() == "x" * 44
    after = cli("run", "said.toml", "--dry-run")
    assert after.out.count(": done") == 2
    assert "of which 0 are not there yet" in after.out


def test_the_documented_study_can_be_run(tmp_path):
    text = (Path(__file__).parents[3] / "docs" / "study.md").read_text()
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert preflight(plan_study(study(tmp_path, example))) == []


def test_a_model_of_the_hub_is_used_from_its_cache_and_else_asked_for(tmp_path, monkeypatch):
    snapshot = tmp_path / "cache" / "models--some--vl" / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    snapshot.parent.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text(snapshot.name)
    shutil.copytree(BASE, snapshot)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    text = """
        [suites]
        iconqa = "sample"
        [models]
        cached = "some/vl"
        absent = "other/vl"
        [trainings.t]
        recipe = "mm_upt_figures"
        base = "cached"
    """
    plan = plan_study(study(tmp_path, text))
    assert plan.models[0].folder == snapshot
    assert plan.trainings[0].base_folder == snapshot
    assert to_fetch(plan) == ["other/vl"]
    (told,) = preflight(plan)
    assert told.startswith("models.absent: other/vl is no folder, and not in the hub's cache")
    assert [one.command for one in study_steps(plan) if one.command] == ["hf download other/vl"]
