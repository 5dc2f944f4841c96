"""The page in a browser: what it shows is what was scored, by mouse, by keys, and by address; on a desk and on a phone."""

import csv
import io
from pathlib import Path
from urllib.parse import urlencode

import pytest

from proctor.benchmarks.examination import score_under
from proctor.benchmarks.subset import suite_of

pytestmark = pytest.mark.slow

SIZES = {"desk": (1280, 900), "phone": (390, 844), "small phone": (360, 640)}


@pytest.fixture(scope="module")
def scored(built):
    """(model, suite) -> the run under strict and official."""
    found = {}
    for path in built.runs:
        both = score_under(path, ["strict", "official"])
        found[both[0].run.manifest.model_name, both[0].run.manifest.suite] = both
    return found


def counted(view):
    view.wait_for_timeout(250)  # the pause before a search starts
    view.wait_for_selector("#answers:not([data-busy])")
    return int(view.inner_text("#count").split()[0].replace(",", ""))


def answers(**filters):
    return "#answers?" + urlencode(filters)


def numbers(view, column):
    """The scores in a column of the leaderboard, from the top."""
    headers = view.locator("#board-box thead [data-column]").evaluate_all("all => all.map(one => one.dataset.column)")
    cells = view.locator(f"#board-box tbody tr > :nth-child({headers.index(str(column)) + 2}) .score").all_inner_texts()
    return [float(cell) for cell in cells]


def test_the_leaderboard_shows_the_scores_and_sorts(visit, scored):
    view = visit()
    assert sorted(numbers(view, 0)) == sorted(
        round(100 * both[0].accuracy().estimate.value, 1) for (_, suite), both in scored.items() if suite == "chartqa"
    )
    header = view.locator("#board-box thead th", has=view.locator("[data-column='0']"))
    for direction, reverse in (("descending", True), ("ascending", False)):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == direction
        assert numbers(view, 0) == sorted(numbers(view, 0), reverse=reverse)
        assert view.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == direction
    address = view.evaluate("location.hash")
    assert numbers(visit(address), 0) == numbers(view, 0)
    view.locator("#board-box thead [data-column='model']").press("Enter")
    assert view.locator("#board-box thead th.model").get_attribute("aria-sort") == "ascending"


def test_it_says_first_what_was_found(visit):
    view = visit()
    said = view.inner_text("#headline").replace("\xa0", " ")
    assert "small/step-000040 is 15.8 points better than base on chartqa" in said
    assert "(p = 0.0057)" in said
    assert view.locator("#board-box tbody .rank").all_inner_texts()[0].startswith("1")


def test_the_baseline_and_the_protocol_can_be_chosen(visit, scored):
    view = visit()
    row = view.locator("#board-box tbody tr", has_text="step-000040")
    before = row.locator("td .change").first.inner_text()
    view.select_option("#baseline", label="small/step-000020")
    assert row.locator("td .change").first.inner_text() != before
    assert view.locator("#board-box tr.baseline th").inner_text().startswith("small/step-000020")
    view.select_option("#protocol", "official")
    official = scored["small/step-000040", "mathvision"][1].accuracy().estimate.value
    assert row.locator("a.score").nth(1).inner_text() == f"{100 * official:.1f}"


def test_columns_are_chosen_and_the_address_keeps_them(visit):
    view = visit()
    headers = "all => all.map(one => one.dataset.column)"
    view.locator(".menu summary", has_text="Columns").click()
    view.locator("#columns input").first.uncheck()
    assert view.locator("#board-box thead [data-column]").evaluate_all(headers) == ["model", "average", "1"]
    again = visit(view.evaluate("location.hash"))
    assert again.locator("#board-box thead [data-column]").evaluate_all(headers) == ["model", "average", "1"]
    assert "folded" in again.inner_text("#folded")
    again.click("#unfold")
    assert again.locator("#board-box thead [data-column]").evaluate_all(headers) == ["model", "average", "0", "1"]


@pytest.mark.parametrize(("kind", "ends"), [("CSV", "csv"), ("Markdown", "md"), ("LaTeX", "tex")])
def test_the_table_can_be_taken_along(visit, kind, ends):
    view = visit()
    view.locator(".menu summary", has_text="Download").click()
    with view.expect_download() as taken:
        view.get_by_role("button", name=kind).click()
    assert taken.value.suggested_filename == f"leaderboard.{ends}"
    text = Path(taken.value.path()).read_text("utf-8")
    assert text.count("small/step") >= 2
    if ends == "csv":
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert rows[1][0].startswith("1")
    if ends == "tex":
        assert "<b>bold" in text.replace(r"\_", "_")


def test_charts_are_drawn_with_their_numbers(visit):
    view = visit()
    for section, least in (("scores", 2), ("differences", 2), ("categories", 1), ("training", 1)):
        view.locator(f"#{section}").scroll_into_view_if_needed()
        view.evaluate("id => document.getElementById(id).scrollIntoView()", section)
        view.wait_for_function(
            "([id, least]) => document.querySelectorAll(`#${id} svg path`).length >= least", arg=[section, least]
        )
        figure = view.locator(f"#{section} figure").first
        assert figure.locator("[role=img]").get_attribute("aria-label")
        figure.locator("summary").click()
        assert figure.locator("tbody tr").count() > 0
    assert view.locator("#training figcaption").all_inner_texts()[1:] == [
        "Accuracy on its own batches",
        "Reward",
        "Majority share",
    ]
    assert view.locator("#training figure").first.locator("svg .mark-symbol path").count() >= 2


@pytest.fixture(scope="module")
def chartqa(scored):
    """The suite as the page calls it."""
    return suite_of(scored["base", "chartqa"][0].run.manifest)


def test_filters_count_what_python_counts(visit, scored, chartqa):
    strict = {key: both[0].verdicts for key, both in scored.items()}
    official = {key: both[1].verdicts for key, both in scored.items()}
    every = [one for verdicts in strict.values() for one in verdicts]
    disagreeing = sum(a.correct != b.correct for key in strict for a, b in zip(strict[key], official[key], strict=True))
    base, last = (strict[name, "chartqa"] for name in ("base", "small/step-000040"))
    pairs = list(zip(base, last, strict=True))
    expected = {
        (): len(every),
        (("suite", chartqa), ("model", "base")): len(base),
        (("verdict", "right"),): sum(one.correct is True for one in every),
        (("verdict", "wrong"),): sum(one.correct is False for one in every),
        (("verdict", "none"),): sum(one.correct is None for one in every),
        (("unparsed", "1"),): sum(one.extracted is None for one in every),
        (("truncated", "1"),): sum(one.truncated for one in every),
        (("disagreeing", "1"),): disagreeing,
        (("protocol", "official"), ("verdict", "right")): sum(
            one.correct for found in official.values() for one in found
        ),
        (("suite", chartqa), ("model", "small/step-000040"), ("other", "base"), ("change", "flipped")): sum(
            a.correct != b.correct for a, b in pairs
        ),
        (("suite", chartqa), ("model", "small/step-000040"), ("other", "base"), ("change", "gained")): sum(
            b.correct and not a.correct for a, b in pairs
        ),
        (("search", "apples"),): sum(int(one.item_id.split()[0]) % 10 == 7 for one in every),
    }
    view = visit("#answers")
    for filters, count in expected.items():
        view.evaluate("address => { location.hash = address }", answers(**dict(filters)))
        assert counted(view) == count, filters
    assert all(count for filters, count in expected.items() if filters != (("verdict", "none"),))


def test_filters_by_hand(visit, scored, chartqa):
    view = visit("#answers")
    total = counted(view)
    view.select_option("#by-suite", chartqa)
    view.select_option("#by-verdict", "wrong")
    narrowed = counted(view)
    assert 0 < narrowed < total
    assert "suite=chartqa" in view.url
    view.fill("#search", "no answer has these words")
    assert counted(view) == 0
    assert not view.locator("#list").is_visible()
    view.click("text=Clear filters")
    assert counted(view) == total


def test_the_list_holds_only_what_is_in_view(visit):
    view = visit("#answers")
    assert counted(view) > 500
    assert view.locator("#list [role=option]").count() < 60
    view.focus("#list")
    view.keyboard.press("End")
    last = view.locator("#list [aria-selected=true]")
    assert last.get_attribute("aria-posinset") == last.get_attribute("aria-setsize")
    assert view.locator("#list").get_attribute("aria-activedescendant") == last.get_attribute("id")


def test_keys(visit):
    view = visit("#answers")
    first = view.inner_text("#item-title")
    view.keyboard.press("/")
    assert view.evaluate("document.activeElement.id") == "search"
    view.keyboard.type("jk")
    assert view.input_value("#search") == "jk"
    view.keyboard.press("Escape")
    assert view.input_value("#search") == ""
    view.keyboard.press("Escape")
    assert view.evaluate("document.activeElement.id") == "list"
    counted(view)
    for key, selected in (("j", "2"), ("ArrowDown", "3"), ("k", "2"), ("ArrowUp", "1")):
        view.keyboard.press(key)
        assert view.locator("#list [aria-selected=true]").get_attribute("aria-posinset") == selected
    assert view.inner_text("#item-title") == first


def test_two_runs_side_by_side(visit):
    view = visit(answers(suite="chartqa", model="small/step-000040", other="base", change="gained"))
    counted(view)
    assert view.locator("#item .answers > h3").all_inner_texts() == ["small/step-000040", "base"]
    assert [text.split()[-1] for text in view.locator("#item .verdict b").all_inner_texts()] == ["right", "wrong"]
    rows = view.locator("#item .answer").first.locator("tbody tr")
    assert rows.locator("th").all_inner_texts() == ["strict", "official"]
    assert view.locator("#item img").evaluate("image => image.naturalWidth") > 0


def test_every_sample_is_shown(visit):
    view = visit(
        answers(suite="chartqa", model="</script><img src=x onerror=document.title='broken'><b>bold</b>\u2028")
    )
    counted(view)
    assert view.locator("#item .answer").count() == 2


def test_a_link_leads_to_the_same_answer(visit):
    view = visit(answers(suite="mathvision", verdict="wrong"))
    view.locator("#list [role=option]").nth(4).click()
    view.wait_for_timeout(200)
    address, title = view.evaluate("location.hash"), view.inner_text("#item-title")
    again = visit(address)
    assert counted(again) == counted(view)
    assert again.inner_text("#item-title") == title
    assert again.locator("#list [aria-selected=true]").get_attribute("aria-posinset") == "5"
    assert again.input_value("#by-verdict") == "wrong"


@pytest.mark.parametrize(
    "address", ["#answers?run=nothing&at=-1&suite=no&verdict=__proto__", "#nothing", "#answers?at=1e99", "#%"]
)
def test_a_bad_address_does_no_harm(visit, address):
    view = visit(address)
    assert view.locator("#problem").is_hidden()


def test_hostile_text_is_only_text(visit):
    view = visit(answers(search="3 </script>"))
    assert counted(view) > 0
    assert view.title().startswith("Title </script>")
    assert "<b>bold</b>" in view.inner_text("#item-title")
    assert view.locator("b", has_text="bold").evaluate_all("found => found.every(one => one.children.length === 0)")
    assert view.locator("img[src=x]").count() == 0


def test_nothing_else_may_run(chromium, built):
    """The policy holds: a script, a handler and a request that are not the page's own are refused."""
    view = chromium.new_page()
    refused = []
    view.on("console", lambda message: refused.append(message.text))
    view.goto(f"file://{built.path}")
    view.wait_for_selector("html[data-ready]")
    view.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'broken'";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<p id=bad onclick=\\"document.title = 'broken'\\">x</p><img src='http://127.0.0.1:9/x.png'>");
      document.getElementById("bad").click();
      fetch("http://127.0.0.1:9/").catch(() => {});
    }""")
    view.wait_for_timeout(300)
    assert view.title() != "broken"
    assert len([text for text in refused if "Content Security Policy" in text]) >= 4
    view.close()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("address", ["", "#answers?other=base"])
def test_nothing_is_wider_than_the_window(visit, size, address):
    view = visit(address, size)
    view.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    view.wait_for_timeout(700)
    assert view.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES.values())[:2], ids=list(SIZES)[:2])
@pytest.mark.parametrize("address", ["", "#answers?other=base"])
def test_it_is_accessible(visit, size, scheme, address):
    from axe_playwright_python.sync_playwright import Axe

    view = visit(address, size, scheme)
    view.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    view.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    view.wait_for_timeout(700)
    found = Axe().run(view).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_it_prints(visit):
    view = visit()
    pdf = view.pdf()
    assert pdf.startswith(b"%PDF")
    assert view.locator("#training svg").count() == 4
