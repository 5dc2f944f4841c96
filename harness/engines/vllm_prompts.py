"""What vLLM is asked: the token ids of the transformers engine, and pictures in the size that the model sees."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PilImage

from ..errors import DataError
from ..images import decode
from ..types import Image, Json, Request
from .chat import ChatTemplate
from .loading import load_processors

THREADS = 4


@dataclass(frozen=True)
class EncodedPrompt:
    """Token ids with one image token per picture; `length` counts the tokens after vLLM has expanded these."""

    ids: Sequence[int]
    pictures: Sequence[PilImage.Image]
    names: Sequence[str]
    length: int

    def to_vllm(self) -> dict[str, Json]:
        """vLLM's form of a prompt. Pictures are named by their digests, by which it caches them."""
        prompt: dict[str, Json] = {"prompt_token_ids": list(self.ids)}
        if self.pictures:
            prompt["multi_modal_data"] = {"image": list(self.pictures)}
            prompt["multi_modal_uuids"] = {"image": list(self.names)}
        return prompt


class PromptEncoder:
    """A checkpoint's template, tokenizer and image processor."""

    def __init__(self, path: Path, image_token_id: int) -> None:
        self.tokenizer, self._images = load_processors(path)
        self.template = ChatTemplate(self.tokenizer, self.tokenizer.convert_ids_to_tokens(image_token_id))
        self._patch = int(self._images.patch_size) * int(self._images.merge_size)

    def picture(self, image: Image) -> PilImage.Image:
        """The picture, resized as the transformers engine does it; vLLM's own resizing would differ by small amounts.

        Raises DataError if it cannot be decoded or is too long and thin.
        """
        picture = decode(image)
        if not self._images.do_resize:
            return picture
        pixels = np.asarray(picture).transpose(2, 0, 1)
        try:
            fitted: Any = self._images.resize(
                pixels, size=self._images.size, resample=self._images.resample, factor=self._patch
            )
        except ValueError as error:
            raise DataError(f"image {image.name}: {str(error)[:120]}") from error
        return PilImage.fromarray(np.ascontiguousarray(fitted.transpose(1, 2, 0)))

    def encode(self, request: Request, pictures: Sequence[PilImage.Image]) -> EncodedPrompt:
        """Token ids of a request's prompt, whose pictures were made by `picture`."""
        ids = self.tokenizer(self.template.text(request.prompt), add_special_tokens=False)["input_ids"]
        expanded = sum((one.width // self._patch) * (one.height // self._patch) for one in pictures)
        names = [image.sha256 for image in request.prompt.images]
        return EncodedPrompt(ids, pictures, names, len(ids) - len(pictures) + expanded)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer, without control tokens; with the mark of a thinking that the template opened."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return self.template.opening + text


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
        return [self._encoder.picture(image) for image in request.prompt.images]

    def close(self) -> None:
        """Give up what is waiting."""
        self._pool.shutdown(cancel_futures=True)


def _shown(request: Request) -> tuple[str, ...]:
    return tuple(image.sha256 for image in request.prompt.images)
