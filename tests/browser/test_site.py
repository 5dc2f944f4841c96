"""The static site of a board in a browser: every link leads somewhere, nothing runs, hostile names are names."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag
from xml.etree import ElementTree

import pytest

from proctor.harness.cli import main
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Sampling

from .conftest import Canned

pytestmark = pytest.mark.slow

NAMES = {
    "base": 3,
    "</script><img src=x onerror=document.title='broken'><b>bold</b>\u2028": 4,
    "../../../../etc/passwd": 5,
    "a\u202e\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627": 6,
    "x" * 280: 7,
    "javascript:alert(1)": 8,
    "CON": 9,
}


def answer(every):
    """Right but for each `every`-th item."""
    return lambda item_id, sample: (r"\boxed{6}" if int(item_id) % every == 0 else r"\boxed{5}", "stop")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of a draft board of models with hostile names, on two suites."""
    folder = tmp_path_factory.mktemp("site")
    for suite, count in (("chartqa", 60), ("mathvision", 40)):
        items = [
            Item(str(n), suite, f"How many? {n}", "5", "number", (), meta={"level": str(n % 2)}) for n in range(count)
        ]
        asked = [Sample(one, Prompt((one.question,))) for one in items]
        for number, (name, every) in enumerate(NAMES.items()):
            path = folder / "runs" / f"{suite}-{number}"
            run_eval(Examination(suite, "strict", asked, Sampling()), Canned(name, answer(every)), path)
    assert main(["board", "build", str(folder / "runs"), "--draft", "--out", str(folder / "board")]) == 0
    title = "Title </title><script>document.title='broken'</script>"
    assert main(["board", "site", str(folder / "board"), "--out", str(folder / "site"), "--title", title]) == 0
    return folder / "site"


class Links(HTMLParser):
    """Where a page leads, its tags, and the attributes that would run something."""

    def __init__(self):
        super().__init__()
        self.found, self.tags, self.handlers = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.found += [value for name, value in attrs if name in ("href", "src")]


def pages(site):
    return sorted(site.rglob("*.html"))


def read(file):
    links = Links()
    links.feed(file.read_text("utf-8"))
    return links


def test_every_link_leads_to_a_file_of_the_site(site):
    assert len(pages(site)) == 2 + len(NAMES) + 2 + len(NAMES) - 1
    for file in pages(site):
        if file.name == "answers.html":
            continue
        for to in read(file).found:
            target = (file.parent / unquote(urldefrag(to).url)).resolve()
            assert target.is_relative_to(site.resolve())
            assert target.is_file(), to


def test_no_page_but_the_answers_has_scripts(site):
    for file in pages(site):
        links = read(file)
        assert not links.handlers
        if file.name != "answers.html":
            assert not links.tags & {"script", "img", "iframe", "object", "form", "b"}
            assert "default-src 'none'" in file.read_text("utf-8")


def test_files_have_plain_names(site):
    for file in site.rglob("*"):
        assert re.fullmatch(r"[a-z0-9-]+(\.(html|xml|json|csv))?", file.name)


@pytest.mark.parametrize("size", [(1280, 900), (390, 844), (360, 640)], ids=["desk", "phone", "small phone"])
def test_pages_fit_the_window_and_show_names_as_text(visit, site, size):
    for file in pages(site):
        if file.name == "answers.html":
            continue
        view = visit(size=size, path=file, ready="main h1")
        assert view.title() != "broken"
        assert view.evaluate("document.documentElement.scrollWidth") <= size[0], file
        view.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(visit, site, scheme):
    from axe_playwright_python.sync_playwright import Axe

    chosen = [
        site / "index.html",
        *(sorted((site / kind).iterdir())[0] for kind in ("models", "suites", "comparisons")),
    ]
    for file in chosen:
        view = visit(scheme=scheme, path=file, ready="main h1")
        view.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = Axe().run(view).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], file


def test_one_can_walk_from_the_leaderboard_to_the_answers(visit, site):
    view = visit(path=site / "index.html", ready="main h1")
    assert view.locator(".found p").first.inner_text()
    view.locator("tbody th a").first.click()
    view.wait_for_selector("text=Compared with")
    view.locator("dd a").first.click()
    view.click("text=The answers that flipped")
    view.wait_for_selector("html[data-ready]")
    assert view.input_value("#by-change") == "flipped"


def test_the_feed_and_the_json_name_every_model(site):
    feed = ElementTree.fromstring((site / "feed.xml").read_bytes())
    atom = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{atom}entry")
    assert len(entries) == len(NAMES)
    assert len({one.find(f"{atom}id").text for one in entries}) == len(NAMES)
    for one in entries:
        assert (site / one.find(f"{atom}link").get("href")).is_file()
    told = json.loads((site / "board.json").read_text())
    assert {one["name"] for one in told["entries"]} == {*NAMES}
    assert told["protocols"]["strict"]["cells"]


def test_it_is_written_over_a_site_and_over_nothing_else(site, tmp_path, capsys):
    board = str(site.parent / "board")
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["board", "site", board, "--out", str(tmp_path)]) == 2
    assert "holds other files than a site" in capsys.readouterr().err
    assert main(["board", "site", board, "--out", board]) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]
    (site / "models" / "gone-00000000.html").write_text("of an earlier board")
    before = {
        file: file.read_bytes() for file in site.rglob("*") if file.is_file() and file.name != "gone-00000000.html"
    }
    title = "Title </title><script>document.title='broken'</script>"
    assert main(["board", "site", board, "--out", str(site), "--title", title]) == 0
    assert {file: file.read_bytes() for file in site.rglob("*") if file.is_file()} == before
    assert main(["board", "site", str(Path(board) / "evidence"), "--out", str(tmp_path / "none")]) == 2
