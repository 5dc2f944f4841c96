"""LogicVista's own rules: eval/extract_accuracy_new.py of Yijia-Xiao/LogicVista, commit 0b8cca25.

GPT-4 reads a list of letters out of every response that is not empty; the lists of letters, in lower case and sorted, must be
equal. Only an empty response and a lone character that can be no choice are settled without it.

The prompt is this project's own, so scores under it are not comparable with the paper's. At that commit the repository
holds the items, recorded responses and scripts that judge them, but none that asks a model under test: what it was told
besides the question, and whether it saw solved examples, cannot be reproduced. The script's one text is for GPT-4, and
shows it the question and the response, without examples. The prompt here asks for letters alone; the recorded responses
often reason first.

Defects that belong to it: v1_382 has an empty gold, which an empty response meets; v1_20's gold is the digit 3; a response
"F" or "G" is taken for no choice, though these are golds too.
"""

from __future__ import annotations

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol
from . import language_model
from .base import asked, judge_needed, published_gold, undecided, verdict

NO_CHOICE = "ZZZZZ"
_ASKS = "Answer with only the letter, or the letters separated by commas, of the correct choice or choices."


def prompt(item: Item) -> Prompt:
    """The question and the request for letters only."""
    return asked(item, f"{item.question}\n{_ASKS}")


def extract(text: str, item: Item) -> Extraction:
    """The letters as one text, separated by ", ", where no language model is needed."""
    entry = (text.split("ASSISTANT:")[1] if "ASSISTANT:" in text else text).strip()
    if not entry:
        return Extraction("", "empty", "an empty response is a list of one empty letter")
    letter, digit = entry.isalpha(), entry.isnumeric()
    if len(entry) == 1 and ((letter and entry.lower() not in "abcde") or not (letter or digit)):
        return Extraction(NO_CHOICE, "no choice", "a single character that names no choice")
    return judge_needed("LogicVista reads the letters with GPT-4")


def match(stated: Extraction, item: Item) -> Grade:
    """Equality of the sorted letters in lower case."""
    if stated.answer is None:
        return undecided(stated)
    return verdict(_sorted(stated.answer) == _sorted(published_gold(item)), stated, "letters")


def _sorted(letters: str) -> list[str]:
    return sorted(letters.lower().split(", "))


PROTOCOL = Protocol(
    "official",
    f"1+logicvista-0b8cca25+{language_model.VERSION}",
    prompt,
    extract,
    match,
    extractor=language_model.extractor(language_model.LETTERS, language_model.letters),
)
