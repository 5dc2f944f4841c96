"""`proctor reward simulate`, its page included."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from proctor.harness.runs.evaluate import run_eval
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.simulation.policy import Prompts
from proctor.trainers.simulation.simulate import WATCHED, Settings, page, simulate

from .recorded_groups import recorded

SAID = {"q0": "5556", "q1": "5666", "q2": "6666"}


@pytest.fixture
def run(examine, scripted, tmp_path) -> Path:
    """Three items with four samples each; the right answer is 5."""
    model = scripted(lambda item, sample: rf"It is \boxed{{{SAID[item][sample]}}}.")
    assert run_eval(examine(3, n=4, temperature=1.0), model, tmp_path / "run").complete
    return tmp_path / "run"


def test_tables(cli, run: Path) -> None:
    done = cli("reward", "simulate", "--groups", run, "majority_vote", "gold=ground_truth", "--steps", 30)
    assert done.code == 0
    assert re.search(r"majority_vote\W+0\.\d{3}", done.out)
    assert "gold" in done.out
    assert re.search(r"majority wrong\W+2\W+0\.125", done.out)


def test_json_and_seed(cli, run: Path) -> None:
    asked = ("reward", "simulate", "--groups", run, "majority_vote", "ground_truth", "--json", "--steps")
    first, again, other = (cli(*asked, 40, "--lr", 0.5, "--seed", seed).out for seed in (0, 0, 1))
    assert first == again != other
    found = json.loads(first)
    assert found["settings"]["lr"] == 0.5
    voted, taught = (one["prompts"] for one in found["rewards"])
    assert [one["label"] for one in found["rewards"]] == ["majority_vote", "ground_truth"]
    assert set(voted["all"]) == {"prompts", *WATCHED}
    assert len(voted["all"]["accuracy"]) == 41
    assert voted["all"]["accuracy"][0] == taught["all"]["accuracy"][0] == pytest.approx(4 / 12)
    assert voted["majority wrong"]["accuracy"][-1] < 0.1 < taught["majority wrong"]["accuracy"][-1]


def test_settings_of_a_reward(cli, run: Path) -> None:
    done = cli(
        *("reward", "simulate", "--groups", run, "exact=majority_vote", "--set", "exact.votes=exact"),
        *("--steps", 3, "--json"),
    )
    assert json.loads(done.out)["rewards"][0]["settings"] == {"votes": "exact"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nope",), "nope"),
        (("actor_judge",), "reward record --judge"),
        (("frequency", "--lr", "inf"), "lr must be above 0"),
        (("frequency", "--steps", "0"), "steps must be from 1"),
        (("frequency", "--samples", "1"), "n must be from 2"),
        (("frequency", "--samples", "100000000"), "n must be from 2"),
        (("frequency", "--advantage", "nope"), "no advantage is called"),
        (("frequency", "frequency"), "one label"),
        (tuple(f"r{k}=frequency" for k in range(17)), "17 rewards are too many"),
    ],
)
def test_bad_requests_are_one_line(cli, run: Path, arguments: tuple[str, ...], told: str) -> None:
    done = cli("reward", "simulate", "--groups", run, *arguments)
    assert done.code == 2
    assert told in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_bad_runs_are_one_line(cli, examine, scripted, tmp_path: Path) -> None:
    assert run_eval(examine(2), scripted(), tmp_path / "one").complete
    for path in (tmp_path / "one", tmp_path / "none"):
        done = cli("reward", "simulate", "--groups", path, "frequency")
        assert done.code == 2
        assert path.name in done.err


class Elements(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append(tag)
        if tag not in ("meta", "polyline", "line"):
            self.open.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onerror"}

    def handle_startendtag(self, tag, attrs) -> None:
        self.found.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.texts.append(data)


def test_the_page_is_escaped_and_has_a_table_for_each_chart() -> None:
    prompts, settings = Prompts.from_groups([recorded("5", "6", "6"), recorded("5", "5", "6")]), Settings(steps=700)
    course = simulate(prompts, open_reward("frequency", {}), settings)
    hostile = "</title><script>alert(1)</script>\ud800"
    made = page(hostile, settings, {hostile: course, "plain": course})
    read = Elements(made.encode("utf-8", "backslashreplace").decode())
    assert read.open == []
    assert "script" not in read.found
    assert any("<script>" in text for text in read.texts)
    charts = len(re.findall('class="chart"', made))
    assert charts == read.found.count("table") == len(WATCHED) + len(course.kinds) - 1
    longest = max(len(points.split()) for points in re.findall('points="([^"]*)"', made))
    assert longest <= 401


def test_the_page_is_written(cli, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "page.html"
    done = cli("reward", "simulate", "--groups", run, "frequency", "--steps", 2, "--html", file)
    assert done.code == 0
    assert file.read_text().startswith("<!doctype html>")
