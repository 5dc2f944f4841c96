"""What lmms-eval takes and gives where it has no type for it: marks of pictures in a text, and failures told as answers.

As in lmms-eval 0.7.3 (lmms_eval/models/simple/qwen2_5_vl.py; models/chat/openai.py, models/simple/diffusers_wm_base.py).
"""

from __future__ import annotations

from ..types import Image, Prompt

FAILURES = ("[LMMS_EVAL_REQUEST_FAILED", "[GENERATION_FAILED]")
"""How texts begin that some of lmms-eval's models return for an answer which never came."""


def is_failure(text: str) -> bool:
    """True if a text is lmms-eval's notice of a failure, not an answer."""
    return text.startswith(FAILURES)


def marked_text(prompt: Prompt) -> str:
    """The texts of a prompt as one, for models that put the pictures where they like, mostly first.

    Where a picture stands after a text, each picture is marked "<image 1>", "<image 2>", ..., as models that can
    interleave expect it.
    """
    kinds = [isinstance(part, Image) for part in prompt.parts]
    marked = kinds != sorted(kinds, reverse=True)
    texts, shown = [], 0
    for part in prompt.parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            shown += 1
            texts.append(f"<image {shown}>" if marked else "")
    return (f"{prompt.system}\n\n" if prompt.system else "") + "".join(texts)
