"""Answer matching: the stated final answer of a response, its canonical key, its grade against a gold, and votes.

`grade` = `extract`, then `match` under the type of the gold. `classes` groups answers for a vote without any gold.
"""

from .extract import before_cut_off, extract
from .match import grade, match
from .types import GOLD_TYPES, GRADER_VERSION, Extraction, Grade, check_gold_type
from .vote import answer_key, classes

__all__ = [
    "GOLD_TYPES",
    "GRADER_VERSION",
    "Extraction",
    "Grade",
    "answer_key",
    "before_cut_off",
    "check_gold_type",
    "classes",
    "extract",
    "grade",
    "match",
]
