"""A page of synthetic runs in a real Chromium, without any network."""

import json
import os
import re
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from proctor.benchmarks.suites.figures import draw
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Image, Item, Prompt, Response, Sampling
from proctor.leaderboards.page.document import PageOptions, page

CHROMIUM = Path(os.environ.get("PROCTOR_CHROMIUM", "/usr/bin/chromium"))
HOSTILE = "</script><img src=x onerror=document.title='broken'><b>bold</b>\u2028"
ITEMS = 120


class Canned:
    """Answers by the item's id and the number of the sample: `say` gives a text and the reason why it ended."""

    def __init__(self, name, say):
        self.name, self.say = name, say

    def identity(self):
        return {"engine": "canned", "name": self.name}

    def versions(self):
        return {}

    def generate(self, requests, sampling):
        for request in requests:
            for sample in request.samples:
                text, finish = self.say(request.item_id, sample)
                yield Response(request.item_id, sample, text, None, finish, 10, 20)


def items(suite):
    pictures = [Image.of_bytes(figure.image, f"{n}.png") for n, figure in enumerate(islice(draw(9, "train"), 5))]
    return [
        Item(
            f"{n} {HOSTILE}" if n == 3 else str(n),
            suite,
            f"How many {'apples' if n % 10 == 7 else 'sides'}? {n} {HOSTILE}",
            "5",
            "number",
            (pictures[n % 5],),
            cluster=str(n // 2),
            meta={"level": str(n % 3)},
        )
        for n in range(ITEMS)
    ]


def answer(every):
    """Right but for each `every`-th item; some round, some say nothing, some are cut off."""

    def say(item_id, sample):
        n = int(item_id.partition(" ")[0])
        text = (
            r"\boxed{6}"
            if (n + sample) % every == 0
            else r"\boxed{5.001}"
            if n % 17 == 5
            else ""
            if n % 23 == 9
            else r"It is \boxed{5}. " + HOSTILE
        )
        return text, "length" if n % 19 == 4 else "stop"

    return say


class Built(NamedTuple):
    """The page, and the runs in it."""

    path: Path
    runs: list[Path]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Three models on two suites, one run incomplete, one of two samples, a training with two checkpoints."""
    folder = tmp_path_factory.mktemp("page")
    training = folder / "small"
    training.mkdir()
    lines = [
        json.dumps({"step": n, "reward": n / 60, "majority_share": n / 60, "accuracy": n / 80}) for n in range(1, 41)
    ]
    (training / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    runs = []
    for suite in ("chartqa", "mathvision"):
        asked = [Sample(item, Prompt((*item.images, item.question))) for item in items(suite)]
        for name, every in (("base", 3), ("small/step-000020", 5), ("small/step-000040", 7), (HOSTILE, 2)):
            runs.append(folder / f"run-{len(runs)}")
            samples = 2 if name == HOSTILE and suite == "chartqa" else 1
            run_eval(Examination(suite, "strict", asked, Sampling(n=samples)), Canned(name, answer(every)), runs[-1])
    made = folder / "page.html"
    options = PageOptions(title=f"Title {HOSTILE}", protocols=["official"], trainings=[training])
    made.write_bytes(b"".join(page(runs, options)))
    return Built(made, runs)


@pytest.fixture(scope="session")
def chromium():
    """A headless browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install the system's chromium package, or set PROCTOR_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, built):
    """Opens the page at an address; fails the test for any message on the console, error, or request but for the page."""
    contexts, complaints = [], []

    def open_at(address="", size=(1280, 900), scheme="light", path=None, ready="html[data-ready]"):
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        view = context.new_page()
        view.on("console", lambda message: complaints.append(message.text))
        view.on("pageerror", lambda error: complaints.append(str(error)))
        view.on(
            "request", lambda request: None if re.match("(file|data):", request.url) else complaints.append(request.url)
        )
        view.goto(f"file://{path or built.path}{address}")
        view.wait_for_selector(ready)
        return view

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []
