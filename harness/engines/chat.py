"""From a prompt to the model's text: a checkpoint's chat template, told what a stranger's texts must not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

from PIL import Image as PilImage

from ..answers.statements.thinking import opened_by
from ..errors import CheckpointError, DataError
from ..limits import TEMPLATE_STEPS
from ..types import Image, Prompt
from ..untrusted_text import without_tokens

_COMPILED = "<template>"
"""What Jinja calls the code that it makes of a template."""
_PROBE = Prompt((Image.of_bytes(b"", ""), "question"))


@contextmanager
def bounded_template() -> Iterator[None]:
    """Within it a chat template that this thread renders may take TEMPLATE_STEPS steps. Raises DataError at the next one."""
    left = TEMPLATE_STEPS
    before = sys.gettrace()

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != _COMPILED:
            return None
        left -= 1
        if left < 0:
            raise DataError(f"it takes more than {TEMPLATE_STEPS} steps, and may have no end")
        return step

    sys.settrace(step)
    try:
        yield
    finally:
        sys.settrace(before)


class ChatTemplate:
    """Makes of a prompt the text that the model reads, with one `image_token` where a picture is.

    `renderer` is a tokenizer, or a processor with one; without an `image_token` a picture is what the template makes of it.
    """

    def __init__(self, renderer: Any, image_token: str | None = None) -> None:
        self._renderer = renderer
        self._image_token = image_token
        self._control = _control_tokens(renderer)

    def messages(self, prompt: Prompt, pictures: Iterable[PilImage.Image] = ()) -> list[dict[str, Any]]:
        """The prompt as turns, with `pictures` where its pictures are, or else just saying that there is one."""
        shown = iter(pictures)
        content = [
            {"type": "image", **_held(next(shown, None))}
            if isinstance(part, Image)
            else {"type": "text", "text": self._plain(part)}
            for part in prompt.parts
        ]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if prompt.system is not None:
            system = [{"type": "text", "text": self._plain(prompt.system)}]
            messages.insert(
                0, {"role": "system", "content": system if self._image_token is None else system[0]["text"]}
            )
        return messages

    def text(self, prompt: Prompt) -> str:
        """The text of the prompt's turns, up to where the answer begins.

        Raises DataError for what the template cannot render, e.g. a system text where it has no place for one.
        """
        told = dict(prompt.rendering.template)
        try:
            with bounded_template():
                text: str = self._renderer.apply_chat_template(
                    self.messages(prompt), add_generation_prompt=True, tokenize=False, **told
                )
        except Exception as error:  # a template is a program that comes with the checkpoint
            raise DataError(f"the model's chat template fails: {' '.join(str(error).split())[:200]}") from error
        return text

    @cached_property
    def opening(self) -> str:
        """The mark of a thinking that the template opens for the model: the beginning of whatever it answers; else ""."""
        return opened_by(self.text(_PROBE))

    def opened(self, prompt: Prompt) -> str:
        """`opening` as the prompt's rendering has it: a template may be told whether to open a thinking."""
        if not prompt.rendering.template:
            return self.opening
        return opened_by(self.text(Prompt(_PROBE.parts, prompt.system, prompt.rendering)))

    def _plain(self, text: str) -> str:
        """Text in which no control token of the model is spelled out: a question cannot forge a turn or a picture."""
        return without_tokens(text, self._control)

    def check(self, path: Path) -> None:
        """Raise CheckpointError unless the template shows the model a picture and a text."""
        try:
            text, blind = self.text(_PROBE), self.text(Prompt(("question",)))
        except DataError as error:
            raise CheckpointError(f"{path}: {error}: copy the base model's") from error
        shown = text != blind if self._image_token is None else text.count(self._image_token) == 1
        if not shown or "question" not in text:
            raise CheckpointError(f"{path}: its chat template leaves out pictures or text: copy the base model's")


def _held(picture: PilImage.Image | None) -> dict[str, PilImage.Image]:
    return {} if picture is None else {"image": picture}


def _control_tokens(renderer: Any) -> list[str]:
    """What a tokenizer takes for a sign, and what a processor takes for a picture; the longest first."""
    tokenizer = getattr(renderer, "tokenizer", renderer)
    found = {
        *tokenizer.all_special_tokens,
        *(str(one) for one in tokenizer.added_tokens_decoder.values() if one.special),
    }
    if renderer is not tokenizer:
        found |= {value for name, value in vars(renderer).items() if name.endswith("_token") and isinstance(value, str)}
    return sorted(filter(None, found), key=lambda token: (-len(token), token))
