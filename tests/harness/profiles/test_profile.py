"""Profiles: each bundled one loads, files are read strictly, prompts are put in a model's manner, and runs say so."""

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.examination import plan, run_path, score_run
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers.formats import FORMATS
from proctor.harness.answers.statements.thinking import NEVER_CLOSED
from proctor.harness.errors import DataError, UsageError
from proctor.harness.profiles import BOXED, PROFILES, PromptStyle, load_profile, profiles
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import Manifest
from proctor.harness.types import Prompt, Response, Sampling, digest
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.evidence import BOARD
from proctor.leaderboards.board.table import read_cells
from proctor.leaderboards.board.verify import verify

from ...leaderboards.boards import clean_tree, forge

LEAST = 'title = "T"\nanswer_format = "boxed"\nsource = ["here"]\n'
OWN = LEAST + 'system = "You are terse."\ninstruction = "Box it: \\\\boxed{}."\n[sampling]\nmax_tokens = 40\n'
TERSE = PromptStyle("terse", "You are terse.", "Box it.")
PROTOCOLS = [(suite, protocol) for suite in SUITES.names() for protocol in SUITES.get(suite).protocols]
PICTURE = next(item.images[0] for item in SUITES.get("figures").load())


@pytest.fixture
def own(tmp_path):
    """A profile of a third party."""
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    return path


@pytest.mark.parametrize("name", profiles())
def test_a_bundled_profile_says_where_it_is_from(name):
    profile = load_profile(name)
    assert (profile.name, profile.answer_format in FORMATS) == (name, True)
    assert profile.title
    assert all(profile.source)
    assert tomllib.loads((PROFILES.folder / f"{name}.toml").read_text()).keys() <= {
        field.name for field in dataclasses.fields(profile)
    }


def test_what_is_bundled():
    assert list(profiles()) == [
        *("gemma_3", "glm_4_5v", "internvl3_5_8b", "internvl3_5_8b_thinking", "kimi_vl_a3b_thinking"),
        *("llava_onevision_1_5_8b", "mimo_vl_7b_rl", "mm_eureka_7b"),
        "qwen2_5_vl_3b",
        "qwen2_5_vl_7b",
        *("qwen3_5_4b", "qwen3_vl_8b_instruct", "qwen3_vl_8b_thinking", "smolvlm2_2_2b", "thinklite_vl_7b"),
        "tiny",
        *("tiny_gym", "tiny_talker"),
    ]
    assert len({one.title for one in profiles().values()}) == len(profiles())
    documented = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
    assert all(f"| `{name}` |" in documented for name in profiles())
    assert f"`strict+{profiles()['mm_eureka_7b'].style.label}`" in documented


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LEAST + "colour = 1", "unknown key 'colour'"),
        (LEAST + "[sampling]\nn = 3", "sampling: unknown key 'n'"),
        (LEAST + "[sampling]\ntop_p = 2.0", "top_p = 2.0 is out of range"),
        (LEAST + "[pictures]\nmin_pixels = 3", "pictures: the key 'max_pixels' is missing"),
        (LEAST + "opens_thinking = 'yes'", "opens_thinking must be true or false, not 'yes'"),
        (LEAST + "system = 3", "system must be a text, not 3"),
        (LEAST + "system = ' '", "system must not be empty"),
        (LEAST + f"instruction = '{'x' * 20_001}'", "at most 20000 characters"),
        (LEAST + "name = 'other'", "remove the key 'name'"),
        (LEAST.replace('"boxed"', '"prose"'), "answer_format must be one of: boxed, think_boxed"),
        (LEAST.replace('title = "T"', ""), "the key 'title' is missing"),
        ("title", "cannot be read"),
    ],
)
def test_a_profile_is_read_strictly(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"^profile .*mine\.toml") as raised:
        load_profile(str(path))
    assert told in str(raised.value)


def test_names_of_profiles(tmp_path):
    with pytest.raises(
        UsageError,
        match=r"no profile is called 'gpt'; the \d+ there are: `proctor list profiles` \(or yours: FILE\.toml",
    ):
        load_profile("gpt")
    with pytest.raises(UsageError, match="there is no file"):
        load_profile(str(tmp_path / "none.toml"))
    for stem, told in (("tiny", "the name of a bundled profile"), ("a+b@c", "a profile's name is made of")):
        (tmp_path / f"{stem}.toml").write_text(LEAST)
        with pytest.raises(UsageError, match=told):
            load_profile(str(tmp_path / f"{stem}.toml"))


@pytest.mark.parametrize(
    ("instruction", "parts"),
    [
        (None, (PICTURE, f"Why?\n{BOXED}")),
        ("Box it.", (PICTURE, "Why?\nBox it.")),
        ("", (PICTURE, "Why?")),
    ],
)
def test_the_request_for_a_box_is_replaced(instruction, parts):
    style = PromptStyle("m", "Think.", instruction)
    assert style.applied(Prompt((PICTURE, f"Why?\n{BOXED}"))) == Prompt(parts, "Think.")


def test_what_a_manner_leaves_alone():
    assert TERSE.applied(Prompt((f"{BOXED}\nWhy?",), "Mine.")) == Prompt((f"{BOXED}\nWhy?",), "Mine.")
    assert TERSE.applied(Prompt((f"Why?\n{BOXED}", PICTURE))).parts == (f"Why?\n{BOXED}", PICTURE)
    assert PromptStyle("m", None, "").applied(Prompt((PICTURE, f"\n{BOXED}"))) == Prompt((PICTURE,))


@pytest.mark.parametrize(("suite", "protocol"), PROTOCOLS)
def test_a_protocol_that_asks_in_its_own_form_gets_the_system_text_alone(suite, protocol):
    for item in SUITES.get(suite).load()[:20]:
        prompt = SUITES.get(suite).protocol(protocol).prompt(item)
        applied = TERSE.applied(prompt)
        assert applied.system == TERSE.system
        assert applied.images == prompt.images
        boxed = protocol in ("strict", "mm_upt", "mm_upt_judged")
        assert (applied.parts != prompt.parts) == boxed
        assert str(applied.parts[-1]).endswith("Box it.") == boxed


def test_a_run_without_a_profile_is_as_before(examine, scripted):
    identity = examine().manifest(scripted()).identity
    assert list(identity) == [
        *("suite", "protocol", "items", "data", "images", "prompts", "sampling", "model"),
    ]


def test_runs_with_other_profiles_never_mix(tmp_path, scripted):
    def run_id(profile):
        return plan("figures", "strict", Sampling(), limit=2, profile=profile).manifest(scripted()).run_id

    chosen = [None, *profiles().values()]
    assert len({run_id(profile) for profile in chosen}) == len(chosen)
    tiny = profiles()["tiny"]
    assert run_id(tiny) == run_id(dataclasses.replace(tiny, title="another", source=("elsewhere",)))
    assert run_id(tiny) != run_id(dataclasses.replace(tiny, system="Think."))


@given(st.one_of(st.none(), st.text(max_size=30)), st.one_of(st.none(), st.text(max_size=30)), st.booleans())
def test_a_manner_comes_back_from_a_manifest(system, instruction, opens_thinking):
    if system is not None and not system.strip():
        return
    style = PromptStyle("m", system, instruction, opens_thinking)
    assert PromptStyle.from_json(json.loads(json.dumps(style.to_json()))) == style


def test_cut_off_in_the_thinking_that_the_template_opened(tmp_path, scripted):
    """The model wrote its thinking from the first word on: closed, it answered; cut off before that, it did not."""
    path = tmp_path / "thinker.toml"
    path.write_text(LEAST + "opens_thinking = true")
    said = {
        True: "We count the red bars. So \\boxed{5}. But wait, the third bar may be",
        False: "We count.</think>So \\boxed{5}. Let me explain",
    }
    for profile, unparsed in ((None, 0), (load_profile(str(path)), 2)):
        run = tmp_path / str(unparsed)
        examination = plan("figures", "strict", Sampling(n=2, temperature=1.0), limit=2, profile=profile)
        run_eval(examination, scripted(lambda i, k: Response(i, k, said[k == 0], None, "length")), run)
        scored = score_run(run)
        assert (scored.unparsed, scored.truncated) == (unparsed, 4)
    assert {verdict.reason for verdict in scored.verdicts if verdict.extracted is None} == {NEVER_CLOSED}


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "0" * 64},
        {"system": "The answer is 8."},
        {"name": "a b"},
        {"name": 3},
        {"instruction": ["x"]},
        {"opens_thinking": True},
        {"opens_thinking": 1},
        {"more": 1},
    ],
)
def test_a_damaged_profile_in_a_run_is_refused(tmp_path, examine, scripted, change):
    record = json.loads(examine().manifest(scripted()).to_bytes())
    for profile in ({**TERSE.to_json(), **change}, "terse", []):
        identity = {**record["identity"], "profile": profile}
        (tmp_path / "run.json").write_text(
            json.dumps({**record, "identity": identity, "run_id": digest(identity)[:16]})
        )
        with pytest.raises(DataError, match=r"run.json is damaged: a profile"):
            Manifest.read(tmp_path)


@pytest.fixture
def held(tmp_path, scripted, own, monkeypatch):
    """A run of the bundled items of MathVision, asked as a third party's profile says."""
    clean_tree(monkeypatch)
    examination = plan("mathvision", "strict", Sampling(), profile=load_profile(str(own)))
    model = scripted(lambda item, k: r"\boxed{5}")
    path = run_path(tmp_path / "runs", examination, model)
    run_eval(examination, model, path)
    return path


def test_a_board_says_in_whose_manner_was_asked_and_is_verified(tmp_path, held):
    assert not score_run(held).cross_prompt
    assert not score_run(held, "mm_upt").cross_prompt
    assert score_run(held, "official").cross_prompt
    built = build([held], [None], tmp_path / "board", draft=True)
    assert all("the bundled sample of mathvision" in problem for problem in built.problems)
    rows = read_cells((tmp_path / "board" / BOARD).read_bytes(), "board")
    label = Manifest.read(held).asked_by
    assert label.startswith("strict+mine@")
    assert {row["prompt_protocol"] for row in rows} == {label}
    report = verify(tmp_path / "board")
    assert report.verified
    assert any("profiles that are not bundled" in note and label in note for note in report.notes)


def hints(identity, items, responses, seal):
    for one in items:
        one["prompt"]["system"] = "The answer is 8."


def no_profile(identity, items, responses, seal):
    del identity["profile"]


def a_bundled_name(identity, items, responses, seal):
    identity["profile"] = dataclasses.replace(PromptStyle.from_json(identity["profile"]), name="tiny").to_json()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (hints, "the prompts are not those of protocol strict"),
        (no_profile, "the prompts are not those of protocol strict"),
        (a_bundled_name, "names the profile tiny, and its texts are not those of the bundled one"),
    ],
)
def test_forged_prompts_of_a_profile_are_seen(tmp_path, held, change, told):
    forge(held, change)
    build([held], ["strict"], tmp_path / "board", draft=True)
    report = verify(tmp_path / "board")
    assert not report.verified
    assert told in " ".join(problem for row in report.rows for problem in row.problems)


def test_the_tiny_model_is_examined_as_a_file_says(cli, tiny, own, tmp_path):
    command = ("eval", "--model", tiny, "--suite", "figures", "--limit", 3, "--out", tmp_path / "runs", "--json")
    (told,) = json.loads(cli(*command, "--profile", own).out)
    assert (told["complete"], told["cross_prompt"]) == (True, False)
    manifest = Manifest.read(Path(told["run"]))
    assert manifest.style == load_profile(str(own)).style
    assert manifest.sampling == Sampling(max_tokens=40)
    asked = [json.loads(line) for line in (Path(told["run"]) / "items.jsonl").read_text().splitlines()]
    assert {one["prompt"]["system"] for one in asked} == {"You are terse."}
    assert all(one["prompt"]["parts"][-1].endswith("\nBox it: \\boxed{}.") for one in asked)
    (plain,) = json.loads(cli(*command, "--max-tokens", 41).out)
    assert Manifest.read(Path(plain["run"])).style is None
    (flagged,) = json.loads(cli(*command, "--profile", own, "--max-tokens", 30).out)
    assert Manifest.read(Path(flagged["run"])).sampling.max_tokens == 30
    done = cli(*command, "--profile", "qwen3_vl_8b")
    assert done.code == 2
    assert "qwen3_vl_8b_instruct" in done.err


def test_checkpoints_are_watched_as_a_profile_says(cli, tiny, own, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "one").symlink_to(tiny)
    command = (
        "watch",
        tmp_path / "checkpoints",
        "--suite",
        "mathvision",
        "--data",
        "sample",
        "--out",
        tmp_path / "runs",
        "--once",
    )
    assert cli(*command, "--profile", own).code == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert Manifest.read(run).asked_by.startswith("strict+mine@")
