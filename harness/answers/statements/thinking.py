"""Marks that models put around their thinking, and what is left of a response without it.

One table for all models, in any case and with spaces inside: a mark is a name between brackets. Sources are the chat
templates and model cards of the checkpoints named beside each row.
"""

from __future__ import annotations

import re
from collections import deque

_NAMES = (
    "think",  # DeepSeek-R1, Qwen3, QwQ, GLM-4.5, Kimi-VL (◁think▷), Magistral ([THINK]), Seed-OSS (<seed:think>)
    "thinking",  # Claude prompts, Granite; Command A (<|START_THINKING|>)
    "thought",  # EXAONE Deep; OpenThinker and Sky-T1 (<|begin_of_thought|>)
    "reasoning",  # LLaVA-CoT, Reka
    "analysis",  # Keye-VL
    "scratchpad",
)
_MARK = re.compile(
    r"[<◁][ |｜]{0,3}(?P<close>/|end[_▁](?:of[_▁])?)?[ |｜]{0,3}(?:seed:|(?:begin|start)[_▁](?:of[_▁])?)?"
    rf"(?:{'|'.join(_NAMES)})[ |｜]{{0,3}}[>▷]|\[(?P<closed>/?)think(?:ing)?\]",
    re.IGNORECASE,
)
# gpt-oss' channels: analysis and commentary are thinking, what follows the last final channel is the response. Servers that
# drop special tokens leave the channel's name alone ("analysisWe count ...assistantfinal12").
_CHANNEL = re.compile(r"<\|channel\|>\s{0,3}(analysis|commentary|final)\b[^<]{0,80}<\|message\|>", re.IGNORECASE)
_BARE_CHANNEL = "assistantfinal"
_BOX_MARKS = (("<|begin_of_box|>", "\\boxed{"), ("<|end_of_box|>", "}"))  # GLM-4.1V, GLM-4.5V
_END_MARKS = (
    "</s>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<eos>", "<end_of_turn>", "<|return|>", "<|"
    "end_of_text|>",
    "<｜end▁of▁sentence｜>", "<|end_of_sentence|>", "<|eom_id|>", "<|END_RESPONSE|>", "<|end_of_solution|>",
)  # fmt: skip
_START_MARKS = ("<|START_RESPONSE|>", "<|begin_of_solution|>")  # Command A; Sky-T1 and OpenThinker
_MAX_END_MARKS = 16
_MAX_OPENING = 64  # characters at the end of a prompt
NEVER_CLOSED = "the thinking was never closed"


def opened_by(prompt: str) -> str:
    """The mark with which a prompt opens the thinking for the model, as the templates of thinking models do; else ""."""
    last = _last(_MARK, prompt[-_MAX_OPENING:])
    opens = last is not None and not (last.group("close") or last.group("closed"))
    return last.group() if last is not None and opens and not last.string[last.end() :].strip() else ""


def closes(response: str) -> bool:
    """True if the response ends a thinking: in it or before it, one was opened."""
    last = _last(_MARK, response)
    return last is not None and bool(last.group("close") or last.group("closed"))


def after_thinking(response: str) -> tuple[str, str]:
    """The text after the last thinking, and why there is none: "" or a reason."""
    text, problem = _after_channels(response)
    last = _last(_MARK, text) if "<" in text or "[" in text or "◁" in text else None
    if last is not None and not problem:
        problem = "" if last.group("close") or last.group("closed") else NEVER_CLOSED
        text = text[last.end() :]
    return ("", problem) if problem else (_without_end_marks(text), "")


def _after_channels(response: str) -> tuple[str, str]:
    if "<" not in response or "<|channel|>" not in response:
        at = response.rfind(_BARE_CHANNEL) if response.startswith("analysis") else -1
        return (response[at + len(_BARE_CHANNEL) :] if at >= 0 else response), ""
    last = _last(_CHANNEL, response)
    if last is None:
        return response, ""
    return (response[last.end() :], "") if last.group(1).lower() == "final" else ("", NEVER_CLOSED)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter(deque(pattern.finditer(text), maxlen=1)), None)


def _without_end_marks(text: str) -> str:
    text = text.strip()
    if "<" not in text:
        return text
    for mark in _START_MARKS if text.startswith(_START_MARKS) else ():
        text = text.removeprefix(mark)
    for _ in range(_MAX_END_MARKS):
        if not text.endswith(_END_MARKS):
            break
        text = text[: text.rindex("<")].rstrip()
    for mark, plain in _BOX_MARKS if "<|begin_of_box|>" in text else ():
        text = text.replace(mark, plain)
    return text
