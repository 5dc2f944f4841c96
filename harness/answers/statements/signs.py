"""The signs of a response as its sentences are read: full-width ones as plain ones, and no ornaments behind an answer.

A comma between Chinese clauses is that of Chinese.
"""

from __future__ import annotations

import re

_FULL_WIDTH = {ord(one) + 0xFEE0: one for one in "0123456789=+-.%<>/*$" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""But not the stops and brackets of Chinese sentences, which say where these end."""
_ORNAMENTS = re.compile(
    "(?<=[\\w)\\]}*$.!%°。！])(?<!\\bis)(?<!\\bare)(?:(?<=\\d)!)?[ \t]{0,8}(?:[✅✔☑]\ufe0f?)?[ \t]{0,8}"
    "(?:[🎉🎊🥳😊🙂😀😃😄😁😎👍👏🙌💪🏆🚀🔥💯🎯✨🌟⭐🤗🎓📐💙💚]\ufe0f?[\U0001f3fb-\U0001f3ff]?[ \t]{0,8})+"
    "(?=[ \t*_.!]{0,16}(?:\n|\\Z))"
)
_NEGATIVE = re.compile(r"(?:零下|(?<!正)负)\s?(?=\d)")
_ANGLED = re.compile(r"<([A-Z])>(?![^<\n]{1,80}</\1>)")
_CHINESE_COMMA = re.compile(r"(?<=[\u4e00-\u9fff]),(?=[\u4e00-\u9fffA-Z])")


def with_plain_signs(text: str) -> str:
    """The text with ＝ and Ｃ as = and C, <C> as (C), without a 🎉 that ends a line behind something else."""
    if "<" in text:
        text = _ANGLED.sub(r"(\1)", text)
    if text.isascii():
        return text
    text = _NEGATIVE.sub("-", text) if "零下" in text or "负" in text else text
    return _CHINESE_COMMA.sub("，", _ORNAMENTS.sub("", text.translate(_FULL_WIDTH)))
