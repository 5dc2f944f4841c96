"""What vLLM is asked: the token ids of the transformers engine, and pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from PIL import Image as PilImage

from ..images import decode
from ..types import Json, Prompt, Request
from .chat import ChatTemplate
from .loading import SHARED_PREFIX, load_processor, load_processors, scaled_size
from .pictures import PictureProcessor

THREADS = 4


@dataclass(frozen=True)
class EncodedPrompt:
    """Token ids with one image token per picture, as vLLM expands them, and what its picture processor is told.

    `length` counts the tokens after that, None where vLLM alone knows.
    """

    ids: Sequence[int]
    pictures: Sequence[PilImage.Image]
    names: Sequence[str]
    length: int | None = None
    told: Mapping[str, Json] = field(default_factory=dict)

    def to_vllm(self) -> dict[str, Json]:
        """vLLM's form of a prompt. Pictures are named by their digests, by which it caches them."""
        prompt: dict[str, Json] = {"prompt_token_ids": list(self.ids)}
        if self.pictures:
            prompt["multi_modal_data"] = {"image": list(self.pictures)}
            prompt["multi_modal_uuids"] = {"image": list(self.names)}
        if self.told:
            prompt["mm_processor_kwargs"] = dict(self.told)
        return prompt


class PromptEncoder(Protocol):
    """A checkpoint's template and tokenizer; pictures are made in other threads, before their prompt is encoded."""

    template: ChatTemplate
    tokenizer: Any

    def pictures(self, prompt: Prompt) -> list[PilImage.Image]:
        """The pictures as vLLM is given them. Raises DataError for one that cannot be."""
        ...

    def encode(self, prompt: Prompt, pictures: Sequence[PilImage.Image]) -> EncodedPrompt:
        """What vLLM is asked. Raises DataError for a prompt that cannot be rendered."""
        ...


def open_encoder(path: Path, config: Any, trust_remote_code: bool = False) -> PromptEncoder:
    """The encoder for a checkpoint. Raises CheckpointError if its template leaves out pictures or texts."""
    shared = config.model_type in SHARED_PREFIX
    found = SizedPrompts(path, config) if shared else ProcessedPrompts(path, config, trust_remote_code)
    found.template.check(path)
    return found


class SizedPrompts:
    """Prompts of the families of SHARED_PREFIX, whose pictures come in the size that the transformers engine gives them."""

    def __init__(self, path: Path, config: Any) -> None:
        self.tokenizer, self._images = load_processors(path)
        self.template = ChatTemplate(self.tokenizer, self.tokenizer.convert_ids_to_tokens(config.image_token_id))
        self._scaler = PictureProcessor(self._images)

    def pictures(self, prompt: Prompt) -> list[PilImage.Image]:
        """The pictures, scaled as the transformers engine does it; vLLM's own scaling would differ by small amounts.

        Raises DataError for one that cannot be decoded or is too long and thin.
        """
        return [self._scaler.scaled(image, prompt.rendering.pixels) for image in prompt.images]

    def encode(self, prompt: Prompt, pictures: Sequence[PilImage.Image]) -> EncodedPrompt:
        """Token ids of a prompt, whose pictures were made by `pictures`."""
        ids = self.tokenizer(self.template.text(prompt), add_special_tokens=False)["input_ids"]
        expanded = sum((one.width // self._scaler.patch) * (one.height // self._scaler.patch) for one in pictures)
        length = len(ids) - len(pictures) + expanded
        return EncodedPrompt(ids, pictures, _names(prompt), length, _limits(self._images, prompt))


class ProcessedPrompts:
    """Prompts of any other family: the text of its processor's template; vLLM's form of its processor does the rest."""

    def __init__(self, path: Path, config: Any, trust_remote_code: bool) -> None:
        self._processor = load_processor(path, config, trust_remote_code)
        self.tokenizer = self._processor.tokenizer
        self.template = ChatTemplate(self._processor)

    def pictures(self, prompt: Prompt) -> list[PilImage.Image]:
        """The pictures as they are. Raises DataError for one that cannot be decoded."""
        return list(map(decode, prompt.images))

    def encode(self, prompt: Prompt, pictures: Sequence[PilImage.Image]) -> EncodedPrompt:
        """Token ids of a prompt; those that a tokenizer adds to every text, unless the template begins with them."""
        text = self.template.text(prompt)
        begun = bool(self.tokenizer.bos_token) and text.startswith(self.tokenizer.bos_token)
        ids = self.tokenizer(text, add_special_tokens=not begun)["input_ids"]
        return EncodedPrompt(ids, pictures, _names(prompt), None, _limits(self._processor.image_processor, prompt))


def _names(prompt: Prompt) -> list[str]:
    """What vLLM caches the pictures by: their digests, and the limits that they are scaled to."""
    limits = "".join(f"-{name}={value}" for name, value in prompt.rendering.pixels.items())
    return [image.sha256 + limits for image in prompt.images]


def _limits(image_processor: Any, prompt: Prompt) -> Mapping[str, Json]:
    pixels = prompt.rendering.pixels
    return {"size": scaled_size(image_processor, pixels)} if pixels and prompt.images else {}


class Prefetcher:
    """Pulls requests a few at a time, puts those that show one picture together, and decodes pictures in threads.

    `chunk` requests are pulled at once, when fewer than that are waiting. Neighbours share what vLLM caches.
    """

    def __init__(self, requests: Iterable[Request], encoder: PromptEncoder, chunk: int) -> None:
        self._pending = iter(requests)
        self._encoder = encoder
        self._chunk = chunk
        self._pool = ThreadPoolExecutor(THREADS, "pictures")
        self._waiting: deque[tuple[Request, Future[list[PilImage.Image]]]] = deque()

    def take(self, wait: bool) -> tuple[Request, Future[list[PilImage.Image]]] | None:
        """The next request with its pictures; None if there is none, or (unless `wait`) if it is not ready."""
        if len(self._waiting) < self._chunk:
            pulled = list(islice(self._pending, self._chunk))
            for request in sorted(pulled, key=_shown):
                self._waiting.append((request, self._pool.submit(self._pictures, request)))
        if not self._waiting or not (wait or self._waiting[0][1].done()):
            return None
        return self._waiting.popleft()

    def _pictures(self, request: Request) -> list[PilImage.Image]:
        return self._encoder.pictures(request.prompt)

    def close(self) -> None:
        """Give up what is waiting."""
        self._pool.shutdown(cancel_futures=True)


def _shown(request: Request) -> tuple[str, ...]:
    return tuple(image.sha256 for image in request.prompt.images)
