"""What other tools store in the place of an answer that never came. Such a text is an error of the run, not an answer.

VLMEvalKit (open-compass/VLMEvalKit): vlmeval/api/base.py returns FAIL_MSG, alone or with a reason after it, once its
retries are used up; vlmeval/inference.py looks for FAIL_MSG anywhere in a prediction to find failures, and stores
"Failed to obtain answer: " with the exception where SKIP_ERR is set; it stores str(None) for nothing.

lmms-eval 0.7.3 (EvolvingLMMs-Lab/lmms-eval): the notices of `harness.models.lmms_eval_forms`; utils.sanitize_list stores
str(None) for nothing. Some of its models (simple/claude.py) return an empty text for a failure: that can not be told from
an empty answer, and stays one.
"""

from __future__ import annotations

import math

from ...harness.errors import printable
from ...harness.models.lmms_eval_forms import is_failure
from ...harness.types import Json
from .base import Answer

VLMEVALKIT_ANYWHERE = "Failed to obtain answer via API"
VLMEVALKIT_START = "Failed to obtain answer"
NOTHING = ("None", "nan", "NaN")
"""What str() makes of null and of pandas' empty cell; both tools store it so."""
SHOWN = 200


def answer_of(stored: Json) -> Answer:
    """The answer or the error that a stored value is. Raises ValueError for a value that is no text and not nothing."""
    if stored is None or (isinstance(stored, float) and math.isnan(stored)):
        return Answer(None, "the file has no answer here (null)")
    if isinstance(stored, bool) or not isinstance(stored, str | int | float):
        raise ValueError(f"an answer must be a text, found {stored!r:.60}")
    text = str(stored)
    if text.strip() in NOTHING:
        return Answer(None, f"the file has no answer here ({text.strip()})")
    if is_failure(text) or VLMEVALKIT_ANYWHERE in text or text.lstrip().startswith(VLMEVALKIT_START):
        return Answer(None, printable(text.strip()[:SHOWN]))
    return Answer(text)
