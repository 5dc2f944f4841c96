"""The rows of a stage as tensors: the tokens and pictures that the local trainer trains on.

OpenRLHF's own data sets are of texts alone, cut to a length. Here a row is encoded when its turn comes, and never cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ...harness.errors import DataError
from ...harness.models.chat import ChatTemplate, load_configuration, load_processors
from ...harness.pictures import decode
from ...harness.types import Image, Prompt
from .fit_rows import read_prompt

Pictures = Mapping[str, Tensor]
"""Patches and grids of the pictures of a batch, in its order; empty without pictures."""


@dataclass(frozen=True)
class Encoded:
    """A prompt with each of its responses (L,), an end token last; the prompt has `start` tokens."""

    sequences: Sequence[Tensor]
    start: int
    pictures: Pictures


class ExampleEncoder:
    """A checkpoint's template, tokenizer and image processor."""

    def __init__(self, path: Path) -> None:
        self._tokenizer, self._images = load_processors(path)
        config = load_configuration(path)
        self._image_id: int = config.image_token_id
        self._context: int = config.get_text_config().max_position_embeddings
        self._chat = ChatTemplate(self._tokenizer, self._tokenizer.convert_ids_to_tokens(self._image_id))
        self.pad_id: int = self._tokenizer.pad_token_id

    def encode(self, prompt: Prompt, responses: Sequence[str]) -> Encoded:
        """Raises DataError if a picture can not be decoded or a sequence does not fit into the model's context."""
        pictures = self._pictures(prompt.images)
        counts = iter(self._image_tokens(pictures))
        ids: list[int] = []
        for token in self._ids(self._chat.text(prompt)):
            ids.extend([token] * (next(counts) if token == self._image_id else 1))
        sequences = [torch.tensor([*ids, *self._plain_ids(text), self._tokenizer.eos_token_id]) for text in responses]
        if (longest := max(map(len, sequences))) > self._context:
            raise DataError(f"an example has {longest} tokens, and the model's context only {self._context}")
        return Encoded(sequences, len(ids), pictures)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return ids

    def _plain_ids(self, text: str) -> list[int]:
        """A picture's token that is spelled out in a response would be looked for among the pictures."""
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
        return ids

    def _pictures(self, images: Sequence[Image]) -> Pictures:
        if not images:
            return {}
        try:
            features = self._images(images=[decode(image) for image in images], return_tensors="pt")
        except ValueError as error:  # e.g. a picture that is too long and thin
            raise DataError(f"images {', '.join(image.name for image in images)}: {str(error)[:120]}") from error
        return {"pixel_values": features["pixel_values"], "image_grid_thw": features["image_grid_thw"]}

    def _image_tokens(self, pictures: Pictures) -> list[int]:
        """Tokens of each picture."""
        if not pictures:
            return []
        counts: list[int] = (pictures["image_grid_thw"].prod(-1) // int(self._images.merge_size) ** 2).tolist()
        return counts


class Examples(torch.utils.data.Dataset[Encoded]):
    """In the place of OpenRLHF's data sets, whose constructors it has; the options that are about texts are not used."""

    def __init__(self, rows: Any, tokenizer: Any, max_length: int, strategy: Any, **options: Any) -> None:
        self._rows = rows
        self._encoder = ExampleEncoder(Path(strategy.args.model.model_name_or_path))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> Encoded:
        row = self._rows[place]
        return self._encoder.encode(read_prompt(row), row["responses"])

    def _padded(self, sequences: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Tokens (B, L), padded on the right, and the mask of the real ones."""
        mask = pad_sequence([torch.ones_like(one) for one in sequences], batch_first=True)
        return pad_sequence(list(sequences), batch_first=True, padding_value=self._encoder.pad_id), mask


class SftExamples(Examples):
    """Examples for SFT."""

    def collate_fn(self, batch: Sequence[Encoded]) -> tuple[Tensor, Tensor, Tensor, Pictures]:
        """Tokens, mask, loss mask (one place ahead of the response's tokens), all (B, L), and the pictures."""
        sequences = [one.sequences[0] for one in batch]
        ids, mask = self._padded(sequences)
        learned = torch.zeros(ids.shape)
        for row, one in enumerate(batch):
            learned[row, one.start - 1 : len(sequences[row]) - 1] = 1
        return ids, mask, learned, joined([one.pictures for one in batch])


class DpoExamples(Examples):
    """Preferences for DPO."""

    def collate_fn(self, batch: Sequence[Encoded]) -> tuple[Tensor, Tensor, Tensor, Tensor, tuple[list[int], Pictures]]:
        """Tokens and mask of the chosen ones, of the rejected ones; then the prompts' lengths and pictures."""
        chosen, rejected = ([one.sequences[kind] for one in batch] for kind in (0, 1))
        beside = [one.start for one in batch], joined([one.pictures for one in batch])
        return (*self._padded(chosen), *self._padded(rejected), beside)


def joined(pictures: Sequence[Pictures]) -> Pictures:
    """The pictures of several rows, in order."""
    names = {name: None for one in pictures for name in one}
    return {name: torch.cat([one[name] for one in pictures if name in one]) for name in names}
