"""The bench's report: intervals by hand, the same for the same seed, and shown without letting any text act."""

import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proctor.harness.errors import UsageError
from proctor.trainers.bench import measures
from proctor.trainers.bench.measures import Interval
from proctor.trainers.bench.page import as_text, intervals_chart, page
from proctor.trainers.bench.report import BenchReport, Entry, bench
from proctor.trainers.groups import RecordedGroup, judge_run
from proctor.trainers.recipe_settings import JudgeSettings
from proctor.trainers.rewards.advantages import group_norm
from proctor.trainers.rewards.registry import open_reward

from ..recorded_runs import ScriptedJudge, record, recorded

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\u202e[red]"


def groups() -> list[RecordedGroup]:
    scores = [0.9, 0.9, 0.2, None]
    return [
        recorded("5", "5", "6", "7", item="a", scores=scores),
        recorded("6", "6", "5", "7", item="b", scores=scores),
        recorded("5", "5", "5", "5", item="c", scores=scores),
        recorded("8", "6", "9", "7", item="d", scores=scores),
    ]


def report(*labels: str, found: list[RecordedGroup] | None = None, seed: int = 0) -> BenchReport:
    names = labels or ("majority_vote", "ground_truth", "judge_only")
    entries = [Entry(name, open_reward(name, {})) for name in names]
    return bench(found or groups(), entries, names[0], ("group_norm", group_norm), seed=seed)


def test_clusters_widen_a_mean_by_hand() -> None:
    """Values 0, 2, 4, 6 in two clusters: mean 3, cluster sums -4 and 4, error sqrt(2 * 32) / 4 = 2, t(0.975, 1) = 12.706."""
    found = measures.mean(np.array([0.0, 2.0, 4.0, 6.0, np.nan]), ["x", "x", "y", "y", "z"], share=False)
    assert (found.value, found.groups, found.clusters, found.undefined) == (3, 4, 2, 1)
    assert found.high - 3 == 3 - found.low == pytest.approx(12.706 * 2, rel=1e-4)


@pytest.mark.parametrize("share", [True, False])
def test_one_cluster_has_no_interval_and_none_no_value(share: bool) -> None:
    alone = measures.mean(np.array([0.0, 1.0]), ["x", "x"], share=share)
    assert alone.value == 0.5
    assert math.isnan(alone.low)
    nothing = measures.mean(np.array([np.nan]), ["x"], share=share)
    assert math.isnan(nothing.value)
    assert nothing.to_json() == {"value": None, "low": None, "high": None, "groups": 0, "clusters": 0, "undefined": 1}
    assert as_text(nothing) == ["1 undefined"]


@pytest.mark.parametrize("share", [True, False])
def test_differences_are_paired_where_both_are_defined(share: bool) -> None:
    before, after = np.array([0.0, 0.5, np.nan, 1.0]), np.array([0.5, 1.0, 1.0, np.nan])
    found = measures.difference(before, after, list("abcd"), share=share)
    assert (found.value, found.groups, found.undefined) == (0.5, 2, 2)


def test_a_report_by_hand() -> None:
    """Votes: a right, b wrong, c right, d a tie of wrong ones."""
    vote, truth, _ = report().results
    assert vote.measures["label_accuracy"].value == 0.5
    assert vote.measures["false_reinforcement"].value == 0.5
    assert vote.measures["no_signal"].value == 0.25
    assert vote.measures["auc"].undefined == 2
    assert vote.measures["auc"].value == pytest.approx((1 + 1 / 6) / 2)  # b: 5 ties with 7, below both 6
    assert vote.by_difficulty["(1/3, 2/3]"].value == 0
    assert vote.by_difficulty["(0, 1/3]"].value == vote.by_difficulty["0"].value == 1
    assert math.isnan(vote.by_difficulty["(2/3, 1)"].value)
    assert vote.differences == {}
    assert truth.differences["label_accuracy"].value == pytest.approx(0.25)
    assert list(vote.by_size) == [2, 4]
    assert vote.by_size[4]["direction"] == vote.measures["direction"]


def test_a_reward_beside_itself_differs_by_nothing() -> None:
    entries = [Entry(label, open_reward("majority_vote", {})) for label in ("one", "two")]
    _, two = bench(groups(), entries, "one", ("group_norm", group_norm)).results
    assert all(found.value == 0 and not found.excludes_zero for found in two.differences.values())


def test_the_same_seed_gives_the_same_report() -> None:
    names = ("majority_vote", "random", "judge_only")
    one, same, other = (json.dumps(report(*names, seed=seed).to_json()) for seed in (0, 0, 1))
    assert one == same != other


def test_the_order_of_groups_changes_no_number() -> None:
    names = ("majority_vote", "random", "frequency")
    one, other = report(*names), report(*names, found=groups()[::-1])
    for first, second in zip(one.results, other.results, strict=True):
        for name, found in first.measures.items():
            assert found.value == pytest.approx(second.measures[name].value, nan_ok=True)


def test_reports_that_make_no_sense_are_refused() -> None:
    entry = Entry("a", open_reward("random", {}))
    for found, entries, baseline in (
        ([], [entry], "a"),
        ([recorded("5", "6"), recorded("5", "6", "7")], [entry], "a"),
        (groups(), [entry, entry], "a"),
        (groups(), [entry], "b"),
    ):
        with pytest.raises(UsageError):
            bench(found, entries, baseline, ("group_norm", group_norm))


class Tags(HTMLParser):
    """Collects tags, and checks that they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag != "meta" and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_escapes_all_and_runs_nothing() -> None:
    entries = [Entry(f"{HOSTILE}{number}", open_reward("majority_vote", {})) for number in range(10)]
    text = page(bench(groups(), entries, entries[0].label, ("group_norm", group_norm)), [HOSTILE])
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "img", "link", "iframe", "object"} & set(tags.seen)
    assert text.count("<style") == text.count("</style") == 1
    assert "default-src 'none'" in text
    assert "http://" not in text
    assert tags.seen.count("svg") >= 10
    assert text == page(bench(groups(), entries, entries[0].label, ("group_norm", group_norm)), [HOSTILE])


def test_every_chart_has_a_name_and_every_table_headings() -> None:
    text = page(report(), ["run"])
    assert len(re.findall('<svg class="chart"[^>]* role="img" aria-label="[^"]+"', text)) == text.count('class="chart"')
    for table in re.findall("<table>.*?</table>", text):
        assert "<caption>" in table
        assert 'scope="col"' in table
        assert 'scope="row"' in table
    assert "nan" not in re.sub("<style>.*?</style>", "", text, flags=re.DOTALL).lower()


@pytest.mark.parametrize("value", [0.0, 1e-9, -3.0, 1e9])
def test_axes_hold_any_value(value: float) -> None:
    one = Interval(value, value, value, 3, 3, 0)
    blank = Interval(math.nan, math.nan, math.nan, 0, 0, 3)
    assert 'class="dot"' in intervals_chart("x", {"a": one, "b": blank}, share=False)


@pytest.fixture
def run(examine: Callable[..., Any], scripted: type, tmp_path: Path) -> Path:
    return record(examine(items=6, n=4, temperature=1.0), scripted, tmp_path / "run")


def test_the_command_leaves_out_what_needs_a_judge(cli: Callable[..., Any], run: Path) -> None:
    done = cli("reward", "bench", "--groups", run, "--json")
    assert done.code == 0, done.err
    labels = {one["label"] for one in json.loads(done.out)["rewards"]}
    assert {"majority_vote", "ground_truth", "random"} <= labels
    assert not {"judge_only", "actor_judge"} & labels
    judge_run(run, ScriptedJudge(), JudgeSettings())
    assert "the same responses" in cli("reward", "bench", "--groups", run, "--groups", run).err
    found = json.loads(cli("reward", "bench", "--groups", run, "--json").out)
    assert {"judge_only", "actor_judge"} <= {one["label"] for one in found["rewards"]}
    assert found["groups"] == 6
    assert found["clusters"] == 3
    assert found["judge"]["auc"]["value"] == 1


def test_labels_settings_files_and_tables(cli: Callable[..., Any], run: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def score(group, seed):\n    return [float('5' in text) for text in group.responses]\n")
    named = ["exact=majority_vote", f"mine={file}:score", "--set", "exact.votes=exact"]
    html = tmp_path / "page.html"
    done = cli("reward", "bench", "--groups", run, *named, "--html", html)
    assert done.code == 0, done.err
    for word in ("majority_vote", "exact", "mine", "Measures", "Paired differences", "n = 2"):
        assert word in done.out
    assert "mine" in html.read_text()
    found = json.loads(cli("reward", "bench", "--groups", run, *named, "--json").out)["rewards"]
    assert [one["label"] for one in found] == ["majority_vote", "exact", "mine"]
    assert found[1]["settings"]["votes"] == "exact"
    assert found[2]["measures"]["auc"]["value"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "nothing"),
        (["--baseline", "nothing"], "nothing"),
        (["judge_only"], "--judge"),
        (["--set", "votes=exact"], "LABEL.KEY=VALUE"),
        (["--set", "other.votes=exact"], "no reward has that label"),
        (["--set", "majority_vote.odd=1"], "odd"),
        (["random", "random"], "one label"),
        (["--advantage", "nothing"], "nothing"),
        (["--advantage-beta", "2"], "beta"),
        (["--answer-format", "odd"], "odd"),
    ],
)
def test_bad_arguments_are_one_line(cli: Callable[..., Any], run: Path, arguments: list[str], said: str) -> None:
    done = cli("reward", "bench", "--groups", run, *arguments)
    assert done.code == 2
    *_, last = done.err.strip().splitlines()  # after a bar
    assert last.startswith("proctor reward bench: ")
    assert said in last
    assert "Traceback" not in done.err


def test_a_missing_run_is_one_line(cli: Callable[..., Any], tmp_path: Path) -> None:
    done = cli("reward", "bench", "--groups", tmp_path / "nothing")
    assert done.code == 2
    assert "no run directory" in done.err
