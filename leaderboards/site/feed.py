"""The board for machines: an Atom feed (RFC 4287) with an entry for each model, and JSON with every number."""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape, quoteattr

from ...harness.errors import printable
from ...harness.types import Json
from .contents import Contents, slug

NOT_KNOWN = "1970-01-01"
"""The day of what records none."""


def atom(site: Contents) -> bytes:
    """The feed, the newest models first; links are absolute where the site's address is known."""
    protocol = site.protocols[0]
    days = [one.day or NOT_KNOWN for one in site.entries]
    order = sorted(range(len(site.entries)), key=lambda entry: (days[entry], -entry), reverse=True)
    entries = "".join(_entry(site, protocol, entry, days[entry]) for entry in order)
    own = f'<link rel="self" href={quoteattr(site.url + "feed.xml")}/>' if site.url else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{_text(site.title)}</title><id>{_urn(site, '')}</id><updated>{max(days)}T00:00:00Z</updated>"
        f"<author><name>proctor {_text(site.version)}</name></author>{own}"
        f"<link href={quoteattr(site.url + 'index.html')}/>{entries}</feed>\n"
    ).encode("utf-8", "replace")


def _entry(site: Contents, protocol: str, entry: int, day: str) -> str:
    one, stands = site.entries[entry], site.stands[protocol]
    scores = [
        f"{site.grid.columns[column][0]} {100 * cell.value:.1f} [{100 * cell.low:.1f}, {100 * cell.high:.1f}]"
        for (its, column), cell in sorted(stands.cells.items())
        if its == entry
    ]
    told = "; ".join(scores) or "no score"
    return (
        f"<entry><title>{_text(one.name)}</title><id>{_urn(site, one.name)}</id><updated>{day}T00:00:00Z</updated>"
        f"<link href={quoteattr(site.url + site.model_file(entry))}/>"
        f"<summary>{_text(f'{protocol}: {told}')}</summary></entry>"
    )


def _text(value: str) -> str:
    return escape(printable(value.encode("utf-8", "backslashreplace").decode()))


def _urn(site: Contents, name: str) -> str:
    """The same for the same name on the same site."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{site.url or site.title}#{slug(name)}").urn


def as_json(site: Contents) -> bytes:
    """Entries, columns, and how they stand under each protocol."""
    every = range(len(site.entries))
    whole: Json = {
        "title": site.title,
        "made_by": f"proctor {site.version}",
        "entries": [{**one.to_json(), "page": site.model_file(n)} for n, one in enumerate(site.entries)],
        "models": list(site.grid.models),
        "columns": [
            {"suite": suite, "items": items, "page": site.suite_file(n)}
            for n, (suite, items) in enumerate(site.grid.columns)
        ],
        "compared": [[after, before] for after, before in sorted(site.compared.items())],
        "protocols": {
            name: {**stands.to_json(every, site.entries), "headline": site.headline(name)}
            for name, stands in site.stands.items()
        },
    }
    return (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode()
