"""The page of stored runs: nothing breaks out of it, and what it holds is what was scored."""

import base64
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from proctor.benchmarks.examination import plan, score_run
from proctor.benchmarks.suites.figures import draw
from proctor.harness.errors import DataError, UsageError, install
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Image, Item, Prompt, Response, Sampling
from proctor.leaderboards.page import document, images, training
from proctor.leaderboards.page.embed import inert, packed, script
from proctor.leaderboards.page.run_view import LONGEST_TEXT, cut

HOSTILE = "</script><img src=x onerror=alert(1)><!--\u2028\u2029\ud800\0\x1b[31m{{style}}<!-- data -->&amp;'\""
RIGHT, WRONG = r"\boxed{5}", r"\boxed{6}"
PICTURES = [Image.of_bytes(figure.image, f"{n}.png") for n, figure in enumerate(islice(draw(9, "train"), 3))]


@pytest.fixture(autouse=True)
def no_charts(monkeypatch):
    """The charts' library takes seconds to bundle; what is tested here does not draw."""
    monkeypatch.setattr(document, "chart_library", lambda: "window.vegaEmbed = null;")
    monkeypatch.setattr(document, "math_library", lambda: "")


def items(count=6, text="How many?"):
    return [
        Item(f"q{n}", "mathvision", f"{text} {n}", "5", "number", (PICTURES[n % 3],), meta={"level": str(n % 2)})
        for n in range(count)
    ]


@pytest.fixture
def run(tmp_path, scripted):
    """Holds an examination of a model of that name; the run's directory."""

    def make(name="base", say=lambda i, k: RIGHT, questions=None, samples=1, prompt="", **options):
        asked = [Sample(item, Prompt((*item.images, item.question + prompt))) for item in questions or items()]
        path = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        run_eval(Examination("mathvision", "strict", asked, Sampling(n=samples)), scripted(say, name, name), path)
        return path

    return make


def made(runs, **options):
    return b"".join(document.page(runs, document.PageOptions(**options))).decode()


def element(page, name):
    (found,) = re.findall(rf'<script type="application/octet-stream" id="{name}">([^<]*)</script>', page)
    return json.loads(gzip.decompress(base64.b64decode(found)))


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(page):
    parser = Tags()
    parser.feed(page)
    return parser.found


def test_scores_are_those_of_the_scorer(run):
    paths = [run(), run("better/step-000002", lambda i, k: RIGHT if i != "q0" else WRONG)]
    overview = element(made(paths), "overview")
    for path, one in zip(paths, overview["runs"], strict=True):
        estimate = score_run(path).accuracy().estimate
        shown = one["judged"]["strict"]["score"]
        assert (shown["value"], shown["low"], shown["high"]) == tuple(
            round(v, 6) for v in (estimate.value, estimate.low, estimate.high)
        )
    assert overview["models"] == ["base", "better/step-000002"]
    assert [one["judged"]["strict"]["marks"] for one in overview["runs"]] == ["000000", "100000"]
    change = next(one for one in overview["standings"]["strict"]["changes"] if one["before"] == 0)
    assert (change["value"], change["gained"], change["lost"]) == (round(-1 / 6, 6), 0, 1)
    other_way = next(one for one in overview["standings"]["strict"]["changes"] if one["before"] == 1)
    assert (other_way["value"], other_way["low"]) == (-change["value"], -change["high"])


def test_marks_tell_states_apart(run):
    said = {
        "q1": WRONG,
        "q2": "",
        "q3": Response("q3", 0, RIGHT, None, "length"),
        "q4": ValueError("engine down"),
    }
    page = made([run(say=lambda i, k: said.get(i, RIGHT))])
    (one,) = element(page, "overview")["runs"]
    marks = [ord(mark) - ord("0") for mark in one["judged"]["strict"]["marks"]]
    assert marks == [0, 1, 1 + 8, 0 + 16, 3, 0]
    assert one["judged"]["strict"]["score"] is None
    assert one["judged"]["strict"]["status"] == "incomplete"
    assert element(page, "responses-1-0")["errors"][4] == "engine down"


def test_hostile_text_stays_data(run):
    questions = [
        Item(
            f"{HOSTILE}{n}",
            "mathvision",
            HOSTILE,
            HOSTILE,
            "text",
            choices=(HOSTILE,),
            unit=HOSTILE,
            meta={HOSTILE: HOSTILE, "level": HOSTILE},
        )
        for n in range(2)
    ]
    clean = made([run()])
    page = made([run(HOSTILE, lambda i, k: HOSTILE, questions)], title=HOSTILE)
    without_data = [
        [one for one in tags(whole) if one[1].get("type") != "application/octet-stream"] for whole in (page, clean)
    ]
    assert [tag for tag, _ in without_data[0]] == [tag for tag, _ in without_data[1]]
    assert not [attrs for tag, attrs in tags(page) if "onerror" in attrs]
    assert element(page, "responses-1-0")["texts"] == [HOSTILE.replace("\ud800", "�")] * 2
    assert element(page, "overview")["models"] == [HOSTILE.replace("\ud800", "�")]
    page.encode()


def test_same_runs_give_the_same_bytes(run):
    paths = [run(), run("other", lambda i, k: WRONG)]
    assert made(paths) == made(paths)


@given(st.text(st.characters(codec=None), max_size=200))
def test_packed_text_comes_back_and_can_not_end_its_element(text):
    body = packed([text])
    assert re.fullmatch(r"[A-Za-z0-9+/=]*", body)
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert json.loads(gzip.decompress(base64.b64decode(body))) == [expected]
    assert inert("x", body).count("<") == 2


def test_the_policy_allows_only_the_pages_own_scripts(run):
    page = made([run()])
    policy = next(attrs["content"] for tag, attrs in tags(page) if attrs.get("http-equiv"))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = ["'sha256-" + base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() + "'" for one in scripts]
    assert policy.split("; ")[1] == "script-src " + " ".join(hashes)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize("code", ["x = '</script>'", "'<!--'", "'<SCRIPT'", "a\r\nb", "\0"])
def test_a_script_that_a_browser_would_read_otherwise_is_refused(code):
    with pytest.raises(ValueError, match="cannot stand"):
        script(code)


def test_no_script_parses_markup():
    own = document._own_script()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
        "srcdoc",
    ):
        assert way not in own


def test_further_protocols_and_their_disagreement(run):
    page = made([run(say=lambda i, k: r"\boxed{5.001}")], protocols=["official"])
    (one,) = element(page, "overview")["runs"]
    assert [judged["marks"] for judged in one["judged"].values()] == ["111111", "000000"]
    with pytest.raises(UsageError, match=r"no suite of these runs .* has a protocol 'nothing'"):
        made([run()], protocols=["nothing"])


def test_samples_stand_side_by_side(run):
    page = made([run(say=lambda i, k: RIGHT if k else WRONG, samples=2)])
    (one,) = element(page, "overview")["runs"]
    assert (one["samples"], one["judged"]["strict"]["marks"]) == (2, "10" * 6)
    assert len(element(page, "responses-1-0")["texts"]) == 12


def test_runs_of_one_name_are_told_apart_only_where_they_would_clash(run, scripted, tmp_path):
    asked = [Sample(item, Prompt((item.question,))) for item in items()]
    for n, seed in enumerate((0, 1)):
        run_eval(
            Examination("mathvision", "strict", asked, Sampling(seed=seed)), scripted(name="same"), tmp_path / f"s{n}"
        )
    paths = [tmp_path / "s0", tmp_path / "s1", run("other")]
    clash = element(made([*paths, run("same (seed 0)")]), "overview")
    assert len({(one["model"], one["column"]) for one in clash["runs"]}) == 4
    assert element(made(paths), "overview")["models"] == ["other", "same (seed 0)", "same (seed 1)"]
    assert element(made([tmp_path / "s0", tmp_path / "s0"]), "overview")["models"] == ["same"]


def test_baselines(run):
    paths = [run("z"), run("base"), run("a")]
    overview = element(made(paths), "overview")
    assert (overview["baseline"], overview["baselines"]) == ("1", ["1", "0", "2"])
    overview = element(made(paths, baselines=["z"]), "overview")
    assert overview["baselines"] == ["2"]
    assert {one["before"] for one in overview["standings"]["strict"]["changes"]} == {2}
    with pytest.raises(UsageError, match="no model is called 'q'; there are: a, base, z"):
        made(paths, baselines=["q"])


def test_checkpoints_lie_on_their_training(run, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    lines = [
        '{"step": 1, "reward": 0.5, "accuracy": NaN}',
        '{"step": 2, "reward": 0.75, "other": 3}',
        '{"step": 3, "rew',
    ]
    (folder / "metrics.jsonl").write_text("\n".join(lines))
    page = made([run("small/step-000002"), run("large/step-000002"), run()], trainings=[folder])
    overview = element(page, "overview")
    (one,) = overview["trainings"]
    assert (one["name"], one["stride"], one["steps"], one["series"]) == ("small", 1, [1, 2], {"reward": [0.5, 0.75]})
    assert overview["checkpoints"] == [[0, 2, overview["models"].index("small/step-000002")]]


def test_trainings_that_differ_by_their_seeds_are_drawn_as_one():
    trainings = [
        {"name": f"{name}-seed{seed}", "recipe": name, "settings": settings}
        for name, settings in (("talk", "a"), ("sing", "b"))
        for seed in range(2)
    ]
    assert training.seed_groups(trainings) == [["talk", [0, 1]], ["sing", [2, 3]]]
    assert training.seed_groups(trainings[1:3]) == [["talk-seed1", [0]], ["sing-seed0", [1]]]


def test_a_recorded_training_says_its_seed(tmp_path):
    stored = Path(__file__).parents[2] / "golden" / "promises" / "stored" / "training"
    found = training.curves(stored)
    assert found["recipe"]
    assert isinstance(found["seed"], int)
    assert {"reward", "entropy", "judge_score", "kl"} <= found["series"].keys()


def test_long_trainings_are_thinned_evenly(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("".join(f'{{"step": {n}, "reward": 1}}\n' for n in range(1, 4002)))
    curves = training.curves(tmp_path)
    assert (curves["stride"], len(curves["steps"]), curves["steps"][-1]) == (5, 801, 4001)


@pytest.mark.parametrize("text", [None, "[]\n", '{"step": "1"}\n', "no json\n"])
def test_a_bad_training_is_one_line(tmp_path, text):
    if text is not None:
        (tmp_path / "metrics.jsonl").write_text(text)
    with pytest.raises(DataError, match=r"metrics\.jsonl"):
        training.curves(tmp_path)


def test_pictures_are_embedded_once_the_wrong_ones_first(run):
    paths = [run(say=lambda i, k: WRONG if i in ("q2", "q5") else RIGHT), run("other")]
    page = made(paths)
    assert [bool(re.search(f'id="picture-{n}">[^<]', page)) for n in range(3)] == [True] * 3
    assert page.count('id="picture-') == 3
    one = len(images.small([PICTURES[2]]).data)
    little = made(paths, picture_bytes=one)
    assert re.findall(r'id="picture-(\d)"', little) == ["2"]
    absent = element(little, "overview")["pictures"]
    assert absent[2] == list(images.small([PICTURES[2]]).size)
    assert ["left out" in one for one in absent[:2]] == [True, True]


def test_a_picture_that_can_not_be_shown_says_why():
    lost = Image("0" * 64, "x.png", Path("/nowhere/x.png"))
    assert "was not found" in images.small([lost]).absent
    assert "cannot be decoded" in images.small([Image.of_bytes(b"no picture", "x.png")]).absent
    assert not images.small([lost, PICTURES[0]]).absent


def test_a_lost_picture_is_taken_from_what_is_known():
    lost = Image(PICTURES[0].sha256, "x.png", Path("/nowhere/x.png"))
    asked = []

    def known():
        asked.append(1)
        return {PICTURES[0].sha256: PICTURES[0]}

    both = {PICTURES[0].sha256: [lost], "0" * 64: [Image("0" * 64, "y.png", Path("/nowhere/y.png"))]}
    found = images.embed(both, [], 10**6, lambda _: None, known)
    assert [bool(one.data) for one in found.values()] == [True, False]
    assert len(asked) == 1
    assert "--data" in found["0" * 64].absent


def test_large_pictures_are_made_small():
    drawn = io.BytesIO()
    PilImage.new("RGB", (2000, 1000), "red").save(drawn, "PNG")
    assert images.small([Image.of_bytes(drawn.getvalue(), "x.png")]).size == (640, 320)


def test_huge_texts_lose_their_middle():
    text = "a" * LONGEST_TEXT + "the end"
    head, omitted, tail = cut(text)
    assert (len(head) + omitted + len(tail), omitted, tail[-7:]) == (len(text), 7, "the end")
    assert cut("a" * LONGEST_TEXT) == "a" * LONGEST_TEXT


def test_the_command(cli, run, tmp_path):
    whole, broken = run(), run("broken", lambda i, k: ValueError("down"))
    done = cli("show", whole, "--html", tmp_path / "page.html")
    assert (done.code, done.out.strip()) == (0, str(tmp_path / "page.html"))
    done = cli("show", whole, broken, "--html", tmp_path / "page.html")
    assert (done.code, done.err.count("answers are missing: hold the examination again")) == (3, 1)
    assert cli("show", whole, "--images-mb", "nan", "--html", tmp_path / "none.html").code == 2


def test_answers_without_a_verdict_under_their_own_protocol_end_with_3(cli, scripted, tmp_path):
    run_eval(
        plan("chartqa", "mm_upt_judged", Sampling()),
        scripted(lambda i, k: r"\boxed{a small one}"),
        tmp_path / "open\nrun",
    )
    done = cli("show", tmp_path / "open\nrun", "--html", tmp_path / "page.html")
    said = done.err.splitlines()[-1]
    assert done.code == 3
    assert re.search(
        r"no score on the page of .*open\\nrun: \d answers have no verdict under mm_upt_judged: name a", said
    )


def test_a_board_is_shown_from_its_evidence(cli, run, tmp_path):
    assert cli("board", "build", run(), "--draft", "--out", tmp_path / "board").code == 0
    assert cli("show", tmp_path / "board", "--html", tmp_path / "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    assert element(page, "overview")["runs"][0]["judged"]["strict"]["marks"] == "000000"


def test_formulas_stay_as_written_without_their_package(monkeypatch):
    monkeypatch.undo()
    assert document.math_library().startswith("/*! KaTeX, copyright")
    monkeypatch.setattr(document, "MATH_PACKAGE", "no-such-package")
    assert document.math_library() == ""


def test_the_charts_package_is_loaded_only_by_the_page():
    imports = "import sys, proctor.harness.cli.show, proctor.leaderboards.page.document"
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}; print('vl_convert' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_without_the_charts_package_one_line_says_what_to_install(cli, run, monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    done = cli("show", run(), "--html", tmp_path / "out" / "page.html")
    assert done.code == 2
    assert not (tmp_path / "out").exists()
    assert install("show") in done.err
