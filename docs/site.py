"""What the site has that is not in this folder: pages that lie beside the code, and the reference, made of docstrings.

MkDocs calls the functions below as it builds (`hooks` in mkdocs.yml). A page from elsewhere keeps its path, and README.md is
the front page. Links between pages are bent accordingly; one to a file that is no page becomes plain text.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FRONT = "README.md"
ELSEWHERE = (
    FRONT,
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "harness/answers/README.md",
    "leaderboards/published/README.md",
    *(f"trainers/tiny/{name}/README.md" for name in ("base", "judge", "talker", "gym")),
)
_FENCED = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from elsewhere, and the reference."""
    for name in ELSEWHERE:
        files.append(File.generated(config, _page(name), content=(ROOT / name).read_text(encoding="utf-8")))
    files.append(File.generated(config, "reference.md", content=reference()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Bend the links of a page to where their targets are on the site."""
    place = page.file.src_uri
    source = next((ROOT / name for name in ELSEWHERE if _page(name) == place), DOCS / place)
    parts = _FENCED.split(markdown)
    bent = [part if part.startswith("```") else _bent(part, source, place, files) for part in parts]
    return "".join(bent)


def _page(name: str) -> str:
    """Where a page from elsewhere is on the site."""
    return "index.md" if name == FRONT else name


def _bent(text: str, source: Path, place: str, files: Files) -> str:
    def link(found: re.Match[str]) -> str:
        name, sharp, heading = found["target"].partition("#")
        if re.match(r"[a-z]+:", name) or not name:
            return found[0]
        target = (source.parent / name).resolve()
        if target.is_relative_to(DOCS):
            there = target.relative_to(DOCS).as_posix()
        else:
            there = _page(target.relative_to(ROOT).as_posix())
        if files.get_file_from_path(there) is None:
            if not target.exists():
                return found[0]  # so that MkDocs finds it broken
            return found["text"]
        to = os.path.relpath(there, Path(place).parent)
        return f"{found['image']}[{found['text']}]({to}{sharp}{heading})"

    return _LINK.sub(link, text)


def reference() -> str:
    """A page with what `import proctor` gives, each from its docstring."""
    places = sorted(_public(), key=lambda place: place.rpartition(".")[2].lower())
    entries = "\n\n".join(f"::: {place}" for place in places)
    return f"# The library\n\nWhat `import proctor` gives; [library.md](library.md) shows each in use.\n\n{entries}\n"


def _public() -> Iterator[str]:
    """The dotted places of all that the package offers, as its own imports for the type checker say."""
    tree = ast.parse((ROOT / "library" / "__init__.py").read_text(encoding="utf-8"))
    lines = [line for block in tree.body if isinstance(block, ast.If) for line in block.body]
    for line in lines:
        if isinstance(line, ast.ImportFrom) and line.module:
            for name in (alias.name for alias in line.names):
                module = line.module
                if (ROOT / module.replace(".", "/") / f"{name}.py").exists():  # else the module of that name is found
                    module = f"{module}.{name}"
                yield f"proctor.{module}.{name}"
