"""Several greedy samples of an item are one answer: that is said before they are asked for."""

import pytest


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--samples", 2), True),
        (("--samples", 2, "--temperature", 1), False),
        ((), False),
    ],
)
def test_samples_that_are_all_alike_are_warned_of(cli, tiny, tmp_path, options, told):
    asked = ("--model", tiny, "--suite", "figures", "--limit", 1, "--max-tokens", 2, "--out", tmp_path)
    done = cli("eval", *asked, *options)
    assert done.code == 0
    assert ("2 samples of each item at temperature 0 are 2 times the same answer" in done.err) is told


def test_the_metrics_of_several_samples_go_by_their_names(cli, tiny, tmp_path):
    asked = ("--model", tiny, "--suite", "figures", "--limit", 4, "--max-tokens", 4, "--run", tmp_path / "run")
    assert cli("eval", *asked, "--samples", 4, "--temperature", 1).code == 0
    shown = cli("score", tmp_path / "run", "--metrics").out
    assert all(name in shown for name in ("avg@4", "pass@2", "pass@4", "maj@2", "maj@4"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--top-k", 5, "--seed", 3), "--top-k, --seed change nothing of greedy answers"),
        (("--min-p", 0.1), "--min-p changes nothing of greedy answers"),
        (("--top-k", 5, "--temperature", 1), None),
        ((), None),
    ],
)
def test_options_that_change_nothing_of_greedy_answers_are_said(cli, tiny, tmp_path, options, told):
    done = cli(
        "eval", "--model", tiny, "--suite", "figures", "--limit", 1, "--max-tokens", 2, "--out", tmp_path, *options
    )
    assert done.code == 0
    assert done.err.count("nothing of greedy answers") == (told is not None)
    assert told is None or told in done.err
