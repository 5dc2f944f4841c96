"""Responses as they are meant: formulas, Markdown, what was read, folded thinking; and hostile ones, which do nothing."""

import time

import pytest

from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards.page.document import PageOptions, page

from .conftest import Canned

pytestmark = pytest.mark.slow

MEANT = r"""<think>
First $a=3$, then 7.
</think>
## The theorem

By **Pythagoras** and `code` \(c\):

$$
c = \sqrt{a^2 + b^2}
$$

- one
- two

It costs $5 and $6, 5 in all. So \boxed{5}"""
HOSTILE = {
    "links": r"$\href{javascript:document.title='broken'}{x}$ $\url{http://127.0.0.1:9/}$ \boxed{5}",
    "pictures": r"$\includegraphics{http://127.0.0.1:9/a.png}$ ![x](http://127.0.0.1:9/b.png) \boxed{5}",
    "styles": r"$\htmlStyle{background:url(http://127.0.0.1:9/)}{x}\htmlData{a=b}{y}\htmlId{main}{z}$ \boxed{5}",
    "markup": r"<img src=x onerror=document.title='broken'> $<script>document.title='broken'</script>$ \boxed{5}",
    "links in Markdown": "[x](javascript:alert(1)) <a href=javascript:alert(1)>y</a> ```js\nalert(1)\n``` \\boxed{5}",
    "endless macros": r"$\def\a{\a\a}\a$ $\gdef\b{\c}\gdef\c{\b}\b$ \boxed{5}",
    "doubling macros": r"$\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b}\def\d{\c\c\c\c\c\c\c\c}\d$",
    "deep braces": "$" + "{" * 900 + "x" + "}" * 900 + "$",
    "deep fractions": "$" + r"\frac{1}{" * 150 + "x" + "}" * 150 + "$",
    "huge": r"$\rule{1000000em}{1000000em}$ $\kern{99999em}x$",
    "open marks": "**" * 5000 + "$" * 5000 + "`" * 5000 + r"\(" * 2000,
    "open boxes": r"\boxed{" * 3000,
    "open fences": "```\n$$\n\\[\n" * 2000,
    "long lines": "a" * 23_000,
    "superscripts": "$" + "x^" * 800 + "$ $x" + "¹²³" * 500 + "$",
    "many formulas": r"$\sum_{i=1}^n \frac{i}{n}$ " * 800,
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """A page with one response for each text; items are called by the names of the texts."""
    said = {"meant": MEANT, **HOSTILE}

    folder = tmp_path_factory.mktemp("texts")
    items = [
        Item(name, "mathvision", r"What is \(\frac{a}{b}\)? Put it in \boxed{}.", "5", "number", ()) for name in said
    ]
    asked = [Sample(one, Prompt((one.question,))) for one in items]
    run_eval(
        Examination("mathvision", "strict", asked, Sampling()),
        Canned("base", lambda item_id, sample: (said[item_id], "stop")),
        folder / "run",
    )
    made = folder / "page.html"
    made.write_bytes(b"".join(page([folder / "run"], PageOptions())))
    return made, list(said)


def opened(visit, texts, name, written=""):
    """The response of that name, in the page."""
    path, names = texts
    view = visit("#answers" + (f"?raw={written}" if written else ""), path=path)
    for _ in range(names.index(name)):
        view.keyboard.press("j")
    view.wait_for_function("name => document.getElementById('item-title').innerText.endsWith(name)", arg=name)
    return view


def test_a_response_reads_as_it_was_meant(visit, texts):
    view = opened(visit, texts, "meant")
    response = view.locator("#item .answer .response")
    assert response.locator("math").count() == 4
    assert response.locator("msqrt").count() == 1
    assert view.locator("#item .question mfrac").count() == 1
    assert r"Put it in \boxed{}." in view.inner_text("#item .question")
    assert response.locator("strong").inner_text() == "Pythagoras"
    assert response.locator("li").all_inner_texts() == ["one", "two"]
    assert response.locator(".heading").inner_text() == "The theorem"
    assert "It costs $5 and $6" in response.inner_text()
    assert response.locator("mark").count() == 1
    assert "5" in response.locator("mark math").text_content()
    thinking = response.locator("details.thinking")
    assert thinking.get_attribute("open") is None
    assert "then 7" in thinking.text_content()


def test_it_can_be_read_as_it_was_written(visit, texts):
    view = opened(visit, texts, "meant")
    view.check("#as-written")
    view.wait_for_selector("#item pre.response")
    assert view.locator("#item pre.response").text_content() == MEANT
    assert view.locator("#item pre.response mark").inner_text() == "5"
    assert "raw=1" in view.url


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_response_does_nothing(visit, texts, name):
    start = time.monotonic()
    view = opened(visit, texts, name)
    assert view.title() == "Results"
    assert (
        view.locator("#item .response :is(a, img, script, style, iframe, object, [onerror], [style*=url])").count() == 0
    )
    assert view.evaluate("document.documentElement.scrollWidth") <= 1280
    assert (
        view.evaluate("Math.max(...[...document.querySelectorAll('#item .response')].map(one => one.clientWidth))")
        < 1280
    )
    assert time.monotonic() - start < 60


def test_texts_are_drawn_in_time(visit, texts):
    path, names = texts
    view = visit("#answers", path=path)
    for _ in names[1:]:
        spent = view.evaluate("""async () => {
            const start = performance.now();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            return performance.now() - start;
        }""")
        assert spent < 3000, view.inner_text("#item-title")


def test_pictures_grow(visit):
    view = visit("#answers?suite=mathvision")
    view.wait_for_selector("#item .zoom")
    view.locator("#item .zoom").first.click()
    assert view.locator("#zoom img").is_visible()
    view.keyboard.press("Escape")
    assert not view.locator("#zoom").is_visible()


def test_texts_are_accessible(visit, texts):
    from axe_playwright_python.sync_playwright import Axe

    for scheme in ("light", "dark"):
        view = visit("#answers", scheme=scheme, path=texts[0])
        view.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        view.wait_for_timeout(300)
        found = Axe().run(view).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
