r"""What other frameworks would print: the verdicts of the libraries that they grade with, as a second opinion on `strict`.

`math_verify` is math-verify, which open-r1 and lighteval use, with lighteval's extraction: LaTeX and plain expressions, a
box first. `mathruler` is mathruler, which EasyR1 and MM-UPT use: `grade_answer` of `extract_boxed_content`. Both ask by the
boxed prompt of `strict`.

The gold is the item's, as text: for a choice the letter of its option, as those frameworks have it. So a box with the
option's text instead of its letter is wrong, and to math-verify letters are mathematical symbols. Known errors of golds are
not corrected. What a library says False of is wrong; where it hangs, fails, or wants too much memory, and where math-verify
reads nothing in the gold, there is no verdict (open-r1 leaves such answers out as well).

The libraries' verdicts change with their versions and sympy's, which are part of the protocols' versions.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError, version

from ...harness.answers import Extraction, Grade
from ...harness.errors import MissingExtraError
from ...harness.types import Item
from .base import Protocol, no_gold
from .library_process import INSTALL, opinion
from .registry import HasProtocols

NO_VERDICT = "no-verdict"
"""The rule of a grade that a library did not give."""


def math_verify(suite: HasProtocols) -> Protocol:
    """math-verify's verdict, as open-r1 and lighteval print it; needs the extra `second-opinion`."""
    return _protocol("math_verify", ("math-verify", "sympy"), suite)


def mathruler(suite: HasProtocols) -> Protocol:
    """mathruler's verdict, as EasyR1 and MM-UPT print it; needs the extra `second-opinion`."""
    return _protocol("mathruler", ("mathruler", "pylatexenc", "sympy"), suite)


def _protocol(name: str, packages: tuple[str, ...], suite: HasProtocols) -> Protocol:
    try:
        versions = "+".join(f"{package}{version(package)}" for package in packages)
    except PackageNotFoundError as error:
        raise MissingExtraError(f"protocol {name} needs {error.name}: {INSTALL}") from error
    prompt = suite.protocols["strict"].prompt
    return Protocol(name, f"1+{versions}", prompt, partial(_extract, name), partial(_match, name))


def _extract(library: str, text: str, item: Item) -> Extraction:
    found = opinion(library, item.answer, text)
    reason = f"read by {library}" if found.read else _nothing(library, text)
    # with the whole response: it is that which the library is asked about
    return Extraction(found.read or None, library, found.why or reason, body=text)


def _match(library: str, stated: Extraction, item: Item) -> Grade:
    if not item.answer:
        return no_gold(stated)
    response = stated.body if stated.rule == library else f"\\boxed{{{stated.answer or ''}}}"
    found = opinion(library, item.answer, response)
    if found.correct is None:
        return Grade(None, stated.answer, NO_VERDICT, found.why)
    compared = f"{library} takes it for {'equal' if found.correct else 'unequal'} to the gold {item.answer!r:.80}"
    return Grade(found.correct, stated.answer, library, compared if stated.answer else _nothing(library, response))


def _nothing(library: str, response: str) -> str:
    return f"{library} reads nothing{'' if 'boxed' in response else ': there is no box'}"
