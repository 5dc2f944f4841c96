"""A page whose answers lie beside it shows, filters and searches them, and still lets nothing else run."""

import shutil

import pytest

from proctor.leaderboards.page import run_view
from proctor.leaderboards.page.beside import DataFolder
from proctor.leaderboards.page.document import PageOptions, page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def apart(built, tmp_path_factory):
    """The runs of the page once more, with data beside it, in a folder whose name an address must escape."""
    folder = tmp_path_factory.mktemp("a b#c?")
    beside = DataFolder(folder / "the page.data")
    (folder / "page.html").write_bytes(b"".join(page(built.runs, PageOptions(beside=beside))))
    return folder


def at(folder):
    return str(folder / "page.html").replace("#", "%23").replace("?", "%3F")


def counted(view):
    view.wait_for_timeout(250)
    view.wait_for_selector("#answers:not([data-busy])")
    return int(view.inner_text("#count").split()[0].replace(",", ""))


def test_answers_are_read_when_they_are_wanted(visit, apart, built):
    assert (apart / "page.html").stat().st_size < built.path.stat().st_size
    view = visit(path=at(apart))
    assert "raises base" in view.inner_text("#headline") or "better than base" in view.inner_text("#headline")
    view = visit("#answers?search=apples", path=at(apart))
    assert counted(view) == counted(visit("#answers?search=apples"))
    view.keyboard.press("j")
    view.wait_for_selector("#item .response")
    assert view.locator("head script").count() == 0


def test_nothing_else_runs_for_all_that(chromium, apart):
    view = chromium.new_page()
    refused = []
    view.on("console", lambda message: refused.append(message.text))
    view.goto(f"file://{at(apart)}#answers")
    view.wait_for_selector("html[data-ready]")
    view.evaluate("""() => {
      document.body.insertAdjacentHTML("beforeend", "<p id=bad onclick=\\"document.title = 'broken'\\">x</p><img src='http://127.0.0.1:9/x.png'>");
      document.getElementById("bad").click();
      document.body.insertAdjacentHTML("beforeend", "<iframe srcdoc='<script>alert(1)</script>'></iframe>");
      fetch("http://127.0.0.1:9/").catch(() => {});
    }""")
    view.wait_for_timeout(300)
    assert view.title() == "Results"
    assert len([text for text in refused if "Content Security Policy" in text]) >= 3
    view.close()


def test_a_page_without_its_folder_says_so(chromium, apart, tmp_path):
    shutil.copy(apart / "page.html", tmp_path / "page.html")
    view = chromium.new_page()
    view.goto(f"file://{tmp_path}/page.html#answers")
    view.wait_for_selector("#problem:not([hidden])")
    assert "was not found beside the page" in view.inner_text("#problem")
    view.goto("about:blank")
    view.goto(f"file://{tmp_path}/page.html")
    view.wait_for_selector("html[data-ready]")
    view.close()


def test_runs_of_several_chunks(visit, built, tmp_path, monkeypatch):
    """Chunks of 2,500 answers are seldom reached here: the page is made with smaller ones, and says so to its script."""
    monkeypatch.setattr(run_view, "CHUNK", 50)
    beside = DataFolder(tmp_path / "page.data")
    whole = b"".join(page(built.runs, PageOptions(beside=beside)))
    (tmp_path / "page.html").write_bytes(whole)
    assert len(list((tmp_path / "page.data").glob("responses-*"))) == sum(-(-n // 50) for n in [120] * 7 + [240])
    view = visit("#answers?search=apples", path=tmp_path / "page.html")
    assert counted(view) == counted(visit("#answers?search=apples"))
