"""The one style sheet of the pages, light and dark."""

from __future__ import annotations

_LIGHT = ("#1f6fb2", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0f766e", "#a16207", "#475569")
_DARK = ("#7cc0f5", "#fb9a5b", "#6fdc8c", "#d2a8ff", "#ff8a8a", "#5fd6c9", "#f0c75e", "#b6c2d2")
_DASHES = ("none", "7 3", "2 3", "10 3 2 3", "14 4 4 4")

COLOURS, DASHES = len(_LIGHT), len(_DASHES)
"""Charts have the colours s0, s1, ... and the dashes d0, d1, ..., the first of which is a whole line."""


def _colours(values: tuple[str, ...]) -> str:
    return " ".join(f"--s{number}: {colour};" for number, colour in enumerate(values))


STYLE = f"""
:root {{ color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #d5d9de; --soft: #5b6570;
  --good: #2e7d32; --bad: #c62828; {_colours(_LIGHT)} }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e9ed; --paper: #15181c; --faint: #3a4149; --soft: #a3adb8;
    --good: #81c784; --bad: #ef9a9a; {_colours(_DARK)} }}
}}
body {{ font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin-top: 2.2rem; }} h2::first-letter {{ text-transform: uppercase; }}
.wide {{ overflow-x: auto; margin: 1rem 0; }} figure {{ margin: 1rem 0; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; color: var(--soft); padding-bottom: .3rem; }}
th, td {{ padding: .25rem .7rem; border-bottom: 1px solid var(--faint); text-align: right; white-space: nowrap; }}
thead th {{ vertical-align: bottom; white-space: pre-line; overflow-wrap: normal; }}
tbody th, thead th:first-child {{ text-align: left; }} tbody th {{ min-width: 9rem; max-width: 16rem; white-space: normal; }}
th.text, td.text {{ text-align: left; }} td.text {{ white-space: normal; min-width: 6rem; }}
td small {{ display: block; color: var(--soft); }}
.chart {{ max-width: 100%; height: auto; font-size: 12px; }} .chart text {{ fill: var(--ink); }}
.grid {{ stroke: var(--faint); }}
.line {{ fill: none; stroke-width: 2; }} .thin {{ stroke-width: 1; opacity: .6; }}
.legend {{ list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; }}
{" ".join(f".s{number} {{ stroke: var(--s{number}); }}" for number in range(COLOURS))}
{" ".join(f".d{number} {{ stroke-dasharray: {dash}; }}" for number, dash in enumerate(_DASHES))}
"""
