"""Profiles of published models: what their makers set reaches a run, and flags stand in the place of it."""

import json
from pathlib import Path

import pytest

from proctor.harness.profiles import Profile, profiles
from proctor.harness.runs.store import Manifest

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
PUBLISHED = [profile for profile in profiles().values() if profile.hub]


def row(profile: Profile) -> str:
    """A profile's row in the table of settings."""
    drawn, asked = profile.sampling, profile.style.rendering.pixels
    penalties = {"presence": drawn.presence_penalty or None, "repetition": drawn.repetition_penalty}
    penalties = {name: value for name, value in penalties.items() if value not in (None, 1.0)}
    opened = "the template" if profile.opens_thinking else "the model"
    cells = (
        f"`{profile.name}`",
        f"{drawn.temperature:g}",
        f"{drawn.top_p:g}",
        f"{drawn.top_k or 'all'}",
        ", ".join(f"{name} {value:g}" for name, value in penalties.items()) or "none",
        f"{drawn.max_tokens:,}",
        " to ".join(f"{value:,}" for value in asked.values()) or "the model's",
        opened if profile.answer_format == "think_boxed" else "no",
    )
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("profile", PUBLISHED, ids=lambda profile: profile.name)
def test_the_settings_are_documented(profile):
    assert row(profile) in DOCUMENTED
    assert profile.hub in DOCUMENTED


@pytest.mark.parametrize("profile", PUBLISHED, ids=lambda profile: profile.name)
def test_each_setting_says_where_it_is_from(profile):
    told = {name for line in profile.source for name in line.partition(":")[0].split(", ")}
    assert {"system", "instruction", "pictures", "sampling"} <= told


@pytest.fixture
def examined(cli, tiny, tmp_path):
    """What run.json says of an examination of the tiny model by these flags: the profile, the sampling, the style."""

    def run(*flags):
        command = ("eval", "--model", tiny, "--suite", "figures", "--limit", 1, "--out", tmp_path / "runs", "--json")
        (told,) = json.loads(cli(*command, "--max-tokens", 8, *flags).out)
        identity = json.loads((Path(told["run"]) / "run.json").read_text())["identity"]
        return identity["profile"], identity["sampling"], Manifest.read(Path(told["run"])).style

    return run


def test_what_the_makers_set_reaches_a_run(examined):
    profile, sampling, _ = examined("--profile", "qwen3_vl_8b_instruct")
    assert profile["name"] == "qwen3_vl_8b_instruct"
    assert profile["rendering"] == {"min_pixels": 768 * 28 * 28, "max_pixels": 5120 * 28 * 28}
    assert sampling == {
        **{"n": 1, "temperature": 0.7, "top_p": 0.8, "max_tokens": 8, "seed": 0},
        **{"top_k": 20, "presence_penalty": 1.5},
    }
    profile, sampling, style = examined("--profile", "qwen3_5_4b")
    assert profile["rendering"] == {"chat_template_kwargs": {"enable_thinking": True}}
    assert (sampling["temperature"], sampling["top_k"], sampling["presence_penalty"]) == (1.0, 20, 1.5)
    assert style.opens_thinking
    _, sampling, style = examined("--profile", "glm_4_5v")
    assert (sampling["temperature"], sampling["repetition_penalty"]) == (0.0, 1.1)
    assert not style.opens_thinking


def test_flags_stand_in_the_place_of_a_profiles_settings(examined):
    smaller = ("--min-pixels", 784, "--max-pixels", 12544)
    profile, sampling, _ = examined("--profile", "qwen3_vl_8b_instruct", "--top-k", 5, *smaller)
    assert (profile["name"], sampling["top_k"], sampling["top_p"]) == ("qwen3_vl_8b_instruct.changed", 5, 0.8)
    assert profile["rendering"] == {"min_pixels": 784, "max_pixels": 12544}
    profile, _, _ = examined(*smaller)
    assert (profile["name"], profile["rendering"]) == ("own", {"min_pixels": 784, "max_pixels": 12544})


def test_sampling_flags_alone_leave_the_profile_its_name(examined):
    profile, sampling, _ = examined("--profile", "gemma_3", "--top-k", 5)
    assert (profile["name"], sampling["top_k"], sampling["top_p"]) == ("gemma_3", 5, 0.95)


@pytest.mark.parametrize(("profile", "opened"), [("qwen3_5_4b", False), ("qwen3_vl_8b_thinking", True)])
def test_a_template_that_is_told_not_to_think_opens_no_thinking(examined, profile, opened):
    """A template that a profile does not tell to think may know no such switch: it opens the thinking as before."""
    small = ("--min-pixels", 784, "--max-pixels", 12544)
    _, _, style = examined("--profile", profile, "--chat-template-kwarg", "enable_thinking=false", *small)
    assert (style.name, style.opens_thinking) == (f"{profile}.changed", opened)
    assert dict(style.rendering.template) == {"enable_thinking": False}
