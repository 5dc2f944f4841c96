"""Which tool wrote a file: told by its first bytes, never by its name alone."""

from __future__ import annotations

from pathlib import Path

from ...harness.errors import DataError
from . import lmms_eval, vlmevalkit
from .base import Source

TOOLS = (lmms_eval.TOOL, vlmevalkit.TOOL)
HEAD = 65_536


def open_import(path: Path, suite: str, tool: str | None = None) -> Source:
    """The answers in a file of another tool. `tool` says which, else the content does.

    Raises DataError for a file that can not be read, that no known tool writes, or that another one wrote than `tool`.
    """
    kind = _kind(path)
    found = lmms_eval.TOOL if kind == "jsonl" else vlmevalkit.TOOL
    if tool is not None and tool != found:
        raise DataError(f"{path}: not a file of {tool}: it is {kind}, as {found} writes it")
    if kind == "jsonl":
        return lmms_eval.open_lmms_eval(path, suite)
    return vlmevalkit.open_vlmevalkit(path, suite, kind)


def _kind(path: Path) -> str:
    """jsonl, xlsx, json or tsv."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: not a file")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if path.suffix in (".pkl", ".pickle") or head.startswith(b"\x80"):
        raise DataError(f"{path}: a pickle can run code when it is read: write .tsv, .json or .xlsx (PRED_FORMAT)")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "jsonl"
    if text.startswith(b"["):
        return "json"
    first = text.partition(b"\n")[0]
    if b"\t" in first and b"prediction" in first:
        return "tsv"
    raise DataError(
        f"{path}: neither samples of lmms-eval (.jsonl of --log_samples) nor a result of VLMEvalKit (.xlsx, .tsv or .json "
        "with the columns index, question and prediction)"
    )
