"""What a page of 25,000 responses costs: to build, on disk, and in a headless Chromium; prints seconds and megabytes.

    python tests/perf/page.py
    python tests/perf/page.py --million     # of 1,000,000 responses, with its data beside it; takes long to make

Limits: built in 120 s, at most 60 MB, first shown in 3 s, a filter in 200 ms, a search in 500 ms once answers are read. Of a
million only what a reader waits for at first is limited, to 3 s.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import draw
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Image, Item, Request, Response, Sampling
from proctor.leaderboards.page.beside import MOST_INSIDE, DataFolder
from proctor.leaderboards.page.document import PageOptions, page

CHROMIUM = os.environ.get("PROCTOR_CHROMIUM", "/usr/bin/chromium")
PICTURES = 1_000
WORDS = (
    "side",
    "angle",
    "sum",
    "triangle",
    "read",
    "bar",
    "length",
    "so",
    "add",
    "area",
    "figure",
    "twice",
    "is",
    "the",
)
LIMITS = {
    "build s": 120,
    "page MB": 60,
    "first shown s": 3,
    "answers shown s": 3,
    "filter ms": 200,
    "search ms": 500,
    "row ms": 50,
}


FIRST = ("first shown s", "answers shown s")
"""What a reader waits for at first."""


class InstantModel:
    """Answers at once, with a text of the usual length; right but for every `every`-th item."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.name = f"model-{every}"

    def identity(self) -> dict[str, str]:
        """One engine for each model."""
        return {"engine": "instant", "name": self.name}

    def versions(self) -> dict[str, str]:
        """No packages."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """A text of about 1,200 characters that no two items share."""
        for request in requests:
            n = int(request.item_id)
            thoughts = " ".join(WORDS[(n * 31 + k * k * self.every) % len(WORDS)] + str(n * k % 97) for k in range(200))
            text = f"{thoughts} \\boxed{{{int(n % self.every == 0)}}}"
            yield Response(request.item_id, 0, text, None, "length" if n % 50 == 0 else "stop", 100, 300)


class Size(NamedTuple):
    """So many models, each asked so many items."""

    models: int
    items: int


USUAL, MILLION = Size(5, 5_000), Size(40, 25_000)


def runs(folder: Path, size: Size) -> list[Path]:
    """The stored runs of all models."""
    pictures = [Image.of_bytes(one.image, f"{n}.png") for n, one in enumerate(islice(draw(9, "train"), PICTURES))]
    asked = [
        Sample(item, boxed_prompt(item))
        for n in range(size.items)
        for item in [Item(str(n), "figures", f"How long is side {n}?", "0", "number", (pictures[n % PICTURES],))]
    ]
    paths = [folder / f"run-{n}" for n in range(size.models)]
    for n, path in enumerate(paths):
        run_eval(Examination("figures", "strict", asked, Sampling()), InstantModel(n + 2), path)
    return paths


def in_browser(file: Path, *, search: bool) -> dict[str, float]:
    """Milliseconds and seconds that a reader waits, each to the frame that shows the result."""
    from playwright.sync_api import sync_playwright

    change = """([id, value]) => new Promise((resolve) => {
        const field = document.getElementById(id), answers = document.getElementById("answers");
        const start = performance.now(), pause = id === "search" ? 150 : 0;
        new MutationObserver((_, observer) => {
            if ("busy" in answers.dataset) return;
            observer.disconnect();
            requestAnimationFrame(() => resolve(performance.now() - start - pause));
        }).observe(answers, { attributes: true });
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    })"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1280, "height": 900})
        found = {}
        for name, address in (("first shown s", ""), ("answers shown s", "#answers")):
            view.goto("about:blank")
            start = time.perf_counter()
            view.goto(f"file://{file}{address}")
            view.wait_for_selector("html[data-ready]")
            found[name] = time.perf_counter() - start
        found["filter ms"] = max(view.evaluate(change, ["by-verdict", value]) for value in ("wrong", "right", ""))
        if not search:
            browser.close()
            return found
        found["first search ms"] = view.evaluate(change, ["search", "triangle"])
        found["search ms"] = max(
            view.evaluate(change, ["search", value]) for value in ("angle", "side 4999", "nowhere")
        )
        view.evaluate(change, ["search", ""])
        view.focus("#list")
        start = time.perf_counter()
        for _ in range(50):
            view.keyboard.press("ArrowDown")
        found["row ms"] = (time.perf_counter() - start) / 50 * 1000
        browser.close()
    return found


def main() -> int:
    """Measure once; exit code 1 if a limit is missed or there is no browser."""
    million = "--million" in sys.argv[1:]
    size = MILLION if million else USUAL
    with tempfile.TemporaryDirectory() as folder:
        paths = runs(Path(folder), size)
        file, beside = Path(folder) / "page.html", Path(folder) / "page.data"
        start = time.perf_counter()
        options = PageOptions(beside=DataFolder(beside) if size.models * size.items > MOST_INSIDE else None)
        file.write_bytes(b"".join(page(paths, options)))
        found = {"build s": time.perf_counter() - start, "page MB": file.stat().st_size / 2**20}
        if beside.exists():
            found["beside MB"] = sum(one.stat().st_size for one in beside.iterdir()) / 2**20
        found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        browser = Path(CHROMIUM).exists()
        if browser:
            found |= in_browser(file, search=not million)
    limits = {name: limit for name, limit in LIMITS.items() if not million or name in FIRST}
    print(f"{size.models * size.items:,} responses, {PICTURES:,} pictures")
    for name, value in found.items():
        limit = f"  ({value / limits[name]:.2f} x the limit of {limits[name]})" if name in limits else ""
        print(f"{name:16}{value:10.2f}{limit}")
    if not browser:
        print(f"no browser at {CHROMIUM}: not measured in one")
    return 0 if browser and all(found[name] <= limit for name, limit in limits.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
