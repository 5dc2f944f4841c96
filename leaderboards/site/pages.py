"""The pages of a site: the index, and one for each model, suite and comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from ...harness.report.text import counted, p_value, points
from ..page.overview import facts_of
from ..page.run_view import RunView
from ..page.standing import MOST_PAIRED, Cell, Change
from .contents import Contents
from .parts import Html, bounds, change, facts, link, name, page, ranks, score, table, text

UP = "../"


def index(site: Contents) -> bytes:
    """The leaderboard under each protocol, what was found first."""
    body = [Html(f"<h1>{text(site.title)}</h1>"), _lead(site), _found(site.headline(site.protocols[0]))]
    for protocol in site.protocols:
        body += _leaderboard(site, protocol)
    body.append(_suites(site))
    body.append(
        Html(
            '<p class="note">Percent right with its 95% interval, and the paired difference in points to what the entry is '
            f"compared with. {_ranked_by(site)} Seeds of one training are one entry: their mean, and an interval over items "
            "and seeds. Differences are in colour where p is below 0.05 after Holm's adjustment.</p>"
            f'<p class="note">Made by proctor {text(site.version)}. Every number can be recomputed from the evidence of the '
            "board: <code>proctor board verify</code>.</p>"
        )
    )
    return page(site.title, site.title, "", body, site.headline(site.protocols[0])[0])


def _ranked_by(site: Contents) -> str:
    if len(site.entries) > MOST_PAIRED:
        return "Entries whose 95% intervals touch share a range of ranks."
    return "Entries that no paired test of every pair tells apart (0.05, Holm) share a range of ranks."


def _lead(site: Contents) -> Html:
    parts = (
        counted(len(site.entries), "entry", "entries"),
        counted(len(site.grid.models), "model"),
        counted(len(site.grid.columns), "suite"),
        counted(len(site.views), "run"),
    )
    return Html(f'<p class="lead">{" · ".join(parts)}</p>')


def _found(sentences: Sequence[str]) -> Html:
    first, *rest = sentences
    more = f"<p>{text(' '.join(rest))}</p>" if rest else ""
    return Html(f'<div class="found"><p>{text(first)}</p>{more}</div>')


def _leaderboard(site: Contents, protocol: str) -> Iterator[Html]:
    stands = site.stands[protocol]
    if not stands.cells:
        return
    yield Html(f"<section><h2>Judged by {name(protocol)}</h2>")
    averaged = bool(stands.averages)
    first = stands.telling[0]

    def ranking(entry: int) -> Cell | None:
        return stands.averages.get(entry) if averaged else stands.cells.get((entry, first))

    def order(entry: int) -> tuple[float, int]:
        cell = ranking(entry)
        return (-cell.value if cell else 1.0), entry

    rows = []
    for entry in sorted(range(len(site.entries)), key=order):
        cells: list[Html | str] = [_model(site, entry, ""), ranks(ranking(entry))]
        if averaged:
            cells.append(score(stands.averages.get(entry), 1_000_000))
        cells += [_suite_cell(site, protocol, entry, column) for column in stands.telling]
        rows.append(cells)
    heads: list[Html | str] = ["Model", "Rank", *(["Average"] if averaged else [])]
    heads += [_suite_head(site, column) for column in stands.telling]
    yield table(f"Leaderboard, judged by {protocol}", heads, rows)
    yield Html("</section>")


def _model(site: Contents, entry: int, up: str) -> Html:
    one = site.entries[entry]
    told = [
        *([counted(len(one.rows), "seed")] if len(one.rows) > 1 else []),
        *([f"seed {one.seeds[0]}"] if len(one.seeds) == 1 and "seed" not in one.name else []),
        *([f"step {one.step}"] if one.step is not None and "step" not in one.name else []),
        *([f"{one.size} by its name"] if one.size else []),
        *([one.day] if one.day else []),
        *([f"settings {one.settings}"] if one.settings else []),
    ]
    tag = '<span class="tag">baseline</span>' if entry in site.compared.values() else ""
    return Html(
        f'{link(up + site.model_file(entry), name(one.name))}{tag}<span class="detail">{text(" · ".join(told))}</span>'
    )


def _suite_head(site: Contents, column: int, up: str = "") -> Html:
    suite, items = site.grid.columns[column]
    size = counted(items, "item")
    detail = "" if size in suite else f'<span class="detail">{text(size)}</span>'
    return Html(f"{link(up + site.suite_file(column), name(suite))}{detail}")


def _change_of(site: Contents, protocol: str, entry: int, column: int) -> Change | None:
    before = site.compared.get(entry)
    return None if before is None else site.stands[protocol].changes.get((entry, before, column))


def _suite_cell(site: Contents, protocol: str, entry: int, column: int, up: str = "") -> Html:
    shown = score(site.stands[protocol].cells.get((entry, column)), site.grid.columns[column][1])
    found = _change_of(site, protocol, entry, column)
    if found is None:
        return shown
    told = change(found)
    return Html(f"{shown} {link(up + site.comparison_file(entry, found.before), told)}")


def _suites(site: Contents) -> Html:
    items = "".join(f"<li>{_suite_head(site, column)}</li>" for column in range(len(site.grid.columns)))
    return Html(f'<section><h2>Suites</h2><ul class="suites">{items}</ul></section>')


def model(site: Contents, entry: int) -> bytes:
    """All that the board has of an entry."""
    one = site.entries[entry]
    before = site.compared.get(entry)
    body = [
        Html(f"<h1>{name(one.name)}</h1>"),
        facts(
            [
                ("Recipe", name(one.recipe) if one.recipe else ""),
                ("Seeds", ", ".join(map(str, one.seeds))),
                ("Step", "" if one.step is None else str(one.step)),
                ("Began with", _model(site, one.base, UP) if one.base is not None else ""),
                ("Compared with", _comparison_link(site, entry, before) if before is not None else ""),
                ("Size", f"{one.size}, by its name" if one.size else "not recorded"),
                ("Examined", one.day or "unknown"),
            ]
        ),
    ]
    if before is not None:
        body.append(_found(site.headline(site.protocols[0], entry)))
    for protocol in site.protocols:
        body += _model_scores(site, protocol, entry)
    body += _model_runs(site, entry)
    return page(one.name, site.title, UP, body)


def _comparison_link(site: Contents, after: int, before: int) -> Html:
    shown = name(site.entries[before].name)
    if (after, before) not in set(site.comparisons()):
        return shown
    return link(UP + site.comparison_file(after, before), shown)


def _model_scores(site: Contents, protocol: str, entry: int) -> Iterator[Html]:
    cells = site.stands[protocol].cells
    columns = [column for column in range(len(site.grid.columns)) if (entry, column) in cells]
    if not columns:
        return
    rows: list[list[Html | str]] = [
        [
            _suite_head(site, column, UP),
            score(cells[entry, column], site.grid.columns[column][1]),
            change(_change_of(site, protocol, entry, column)),
            ranks(cells[entry, column]),
        ]
        for column in columns
    ]
    yield Html(f"<section><h2>Judged by {name(protocol)}</h2>")
    yield table(f"Scores by suite, judged by {protocol}", ["Suite", "Percent right", "Difference", "Rank"], rows)
    yield from _categories(site, protocol, entry, columns[0])
    yield Html("</section>")


def _categories(site: Contents, protocol: str, entry: int, column: int) -> Iterator[Html]:
    """The metrics of the largest suite, of one seed where there are several."""
    run = site.runs.of[entry, column][0]
    metrics = [one for one in run.judged[protocol].metrics if one["category"]]
    if not metrics:
        return
    of = name(run.manifest.model_name)
    rows = [
        [f"{one['by']}: {one['category']}", points(one["value"]), bounds(one["low"], one["high"]), f"{one['n']}"]
        for one in metrics
    ]
    yield Html(f"<h3>Categories of {name(site.grid.columns[column][0])}, {of}</h3>")
    yield table("Metrics by category", ["Category", "Percent", "95% interval", "Observations"], rows, "numbers")


def _model_runs(site: Contents, entry: int) -> Iterator[Html]:
    yield Html("<section><h2>Runs</h2>")
    for (owner, column), runs in sorted(site.runs.of.items()):
        if owner == entry:
            yield from (_run(site, run, column) for run in runs)
    yield Html("</section>")


def _run(site: Contents, run: RunView, column: int) -> Html:
    summary = next(iter(run.judged.values())).summary
    told = [
        ("Status", str(summary["status"])),
        ("Nothing stated", str(summary["unparsed"])),
        ("Cut off", str(summary["truncated"])),
        ("Errors", str(summary["errors"])),
        *((str(key), name(str(value))) for key, value in facts_of(run)),
    ]
    its = {"model": run.manifest.model_name, "run": run.manifest.run_id}
    answers = link(f"{UP}answers.html#answers?{urlencode(its, errors='replace')}", text("its answers"))
    shown = f"{name(run.manifest.model_name)}, {name(site.grid.columns[column][0])}, {text(run.manifest.run_id)}"
    return Html(f"<details><summary>{shown}</summary>{facts(told)}<p>{answers}</p></details>")


def suite(site: Contents, column: int) -> bytes:
    """All entries on one suite."""
    title, items = site.grid.columns[column]
    body = [Html(f'<h1>{name(title)}</h1><p class="lead">{text(counted(items, "item"))}</p>')]
    for protocol in site.protocols:
        cells = {entry: cell for (entry, its), cell in site.stands[protocol].cells.items() if its == column}
        if not cells:
            continue
        rows: list[list[Html | str]] = [
            [
                _model(site, entry, UP),
                score(cell, items),
                _compared_cell(site, protocol, entry, column),
                ranks(cell),
            ]
            for entry, cell in sorted(cells.items(), key=lambda one: (-one[1].value, one[0]))
        ]
        body.append(Html(f"<section><h2>Judged by {name(protocol)}</h2>"))
        body.append(table(f"Entries, judged by {protocol}", ["Model", "Percent right", "Difference", "Rank"], rows))
        body.append(Html("</section>"))
    return page(title, site.title, UP, body)


def _compared_cell(site: Contents, protocol: str, entry: int, column: int) -> Html:
    found = _change_of(site, protocol, entry, column)
    if found is None:
        return Html("")
    against = link(UP + site.comparison_file(entry, found.before), name(site.entries[found.before].name))
    return Html(f'{change(found)}<span class="detail">against {against}</span>')


def comparison(site: Contents, after: int, before: int) -> bytes:
    """Two entries on every suite that both were asked."""
    one, other = site.entries[after], site.entries[before]
    title = f"{one.name} and {other.name}"
    body = [
        Html(f"<h1>{link(UP + site.model_file(after), name(one.name))} against "),
        Html(f"{link(UP + site.model_file(before), name(other.name))}</h1>"),
        _found(site.headline(site.protocols[0], after)),
    ]
    for protocol in site.protocols:
        changes = site.changes(protocol, after, before)
        if not changes:
            continue
        rows = [_compared_row(site, protocol, found) for found in changes]
        heads = [
            "Suite",
            "Difference",
            name(one.name),
            name(other.name),
            "p",
            "p (Holm)",
            "Gained",
            "Lost",
            "Seen from",
        ]
        body.append(Html(f"<section><h2>Judged by {name(protocol)}</h2>"))
        body.append(table(f"Differences by suite, judged by {protocol}", heads, rows, "numbers"))
        body.append(Html("</section>"))
    flipped = {"model": site.grid.models[one.rows[0]], "other": site.grid.models[other.rows[0]], "change": "flipped"}
    to = f"{UP}answers.html#answers?{urlencode(flipped, errors='replace')}"
    body.append(
        Html(f"<p>{link(to, text('The answers that flipped'))}, of the first seed where there are several.</p>")
    )
    body.append(
        Html(
            '<p class="note">The same items are compared pair by pair: p by McNemar\'s test, by flipping the signs of '
            "clusters, or over items and seeds by t. Holm's adjustment is for all pairs of the suite, or of many entries "
            "for each and the one that it is compared with. The last column is the difference that would be seen with a "
            "chance of 80%.</p>"
        )
    )
    return page(title, site.title, UP, body)


def _compared_row(site: Contents, protocol: str, found: Change) -> list[Html | str]:
    cells, items = site.stands[protocol].cells, site.grid.columns[found.column][1]
    least = found.difference.detectable
    return [
        _suite_head(site, found.column, UP),
        change(found),
        score(cells[found.after, found.column], items),
        score(cells[found.before, found.column], items),
        p_value(found.difference.p),
        p_value(found.adjusted),
        str(found.difference.gained),
        str(found.difference.lost),
        f"{points(least)} points" if least <= 1 else "no difference",
    ]
