"""Any image-text-to-text model of transformers, through its own processor, chat template and `generate`.

One prompt at a time, all samples of it side by side, so that an answer depends on nothing that others are asked. What is
drawn is decided here, by the same rules as everywhere (`drawing`): `generate` is given a processor of logits that leaves
the one token that was drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from ..errors import DataError, EngineError
from ..images import decode
from ..runs.checkpoints import check_whole
from ..types import Prompt, Request, Response, Sampling
from .chat import ChatTemplate, bounded_template
from .drawing import AnswerDrawer, before_stop, end_ids
from .loading import as_checkpoint_error, load_processor, load_weights, scaled_size

NO_LIMIT = 2**31
"""Tokens of context, where a configuration tells none."""


class GeneratingModel:
    """A checkpoint of any family.

    model = GeneratingModel.load(Path("models/gemma-3-4b-it"), config)
    responses = model.answer(Request("1", Prompt((picture, "How tall?"))), Sampling())
    """

    def __init__(self, model: Any, processor: Any) -> None:
        self.model = model
        self.processor = processor
        self.tokenizer = processor.tokenizer
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.chat = ChatTemplate(processor)
        self.context = int(getattr(model.config.get_text_config(), "max_position_embeddings", None) or NO_LIMIT)
        self.end_ids = end_ids(model, self.tokenizer)

    @classmethod
    def load(
        cls, path: Path, config: Any, device: str = "cpu", dtype: str = "auto", trust_remote_code: bool = False
    ) -> GeneratingModel:
        """Load from a folder in Hugging Face format, safetensors only. Raises CheckpointError and UsageError."""
        check_whole(path)
        with as_checkpoint_error(path):
            processor = load_processor(path, config, trust_remote_code)
            found = cls(load_weights(path, device, dtype, trust_remote_code), processor)
        found.chat.check(path)
        return found

    @property
    def pictures_by(self) -> str:
        """What scales the pictures, "pil" or "torchvision", for they differ in the last bits of pixels."""
        return "pil" if type(self.processor.image_processor).__name__.endswith("Pil") else "torchvision"

    def encode(self, prompt: Prompt) -> dict[str, Tensor]:
        """The model's inputs, one row, as its processor makes them.

        Raises DataError for a picture or a rendering that it cannot take, and a prompt that does not fit into the context.
        """
        pictures = [decode(image) for image in prompt.images]
        messages = self.chat.messages(prompt, pictures)
        limits = {}
        if pixels := prompt.rendering.pixels:
            scaled = {"size": scaled_size(self.processor.image_processor, pixels)}
            limits = {"processor_kwargs": {"images_kwargs": scaled}}
        try:
            with bounded_template():
                inputs = self.processor.apply_chat_template(
                    messages,
                    add_generation_prompt=True,
                    tokenize=True,
                    return_dict=True,
                    return_tensors="pt",
                    **limits,
                    **dict(prompt.rendering.template),
                )
        except Exception as error:  # whatever a stranger's template and picture make of each other
            raise DataError(f"the model's processor fails: {' '.join(str(error).split())[:200]}") from error
        length = inputs["input_ids"].shape[1]
        if length >= self.context:
            raise DataError(f"a prompt has {length} tokens, and the model's context only {self.context}")
        return {name: self._moved(value) for name, value in inputs.items() if isinstance(value, Tensor)}

    def _moved(self, value: Tensor) -> Tensor:
        """On the model's device; pictures in its precision."""
        return value.to(self.model.device, self.model.dtype if value.is_floating_point() else None)

    @torch.inference_mode()
    def answer(self, request: Request, sampling: Sampling) -> list[Response]:
        """The responses to the samples of a request. Raises DataError for a prompt that cannot be asked."""
        inputs = self.encode(request.prompt)
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        rows = len(request.samples)
        room = (self.context - mask.sum(1)).repeat(rows)
        prompts = ids.repeat(rows, 1), mask.repeat(rows, 1)
        seeds = request.seeds(sampling)
        drawer = AnswerDrawer(
            self.tokenizer,
            sampling,
            seeds,
            end_ids=self.end_ids,
            room=room,
            prompts=prompts,
            tell=request.tokens,
        )
        config = GenerationConfig(
            max_new_tokens=sampling.max_tokens,
            do_sample=True,
            num_return_sequences=rows,
            top_k=0,
            eos_token_id=self.end_ids or None,
            pad_token_id=self.tokenizer.pad_token_id,
            bos_token_id=self.tokenizer.bos_token_id,
        )
        try:
            self.model.generate(
                **inputs,
                generation_config=config,
                logits_processor=LogitsProcessorList([_Drawn(drawer)]),
                stopping_criteria=StoppingCriteriaList([_Ended(drawer)]),
            )
        except EngineError:
            raise
        except RuntimeError as error:  # a picture that the family's network does not take, or memory that is full
            raise DataError(f"the model fails: {' '.join(str(error).split())[:200]}") from error
        return self._responses(request, drawer, int(mask.sum()), sampling)

    def _responses(
        self, request: Request, drawer: AnswerDrawer, prompt_tokens: int, sampling: Sampling
    ) -> list[Response]:
        drawn, opening = drawer.drawn(), self.chat.opened(request.prompt)
        lengths, told = drawn.mask.sum(1).tolist(), drawn.statistics()
        found = []
        for n, (sample, ids, length, ended) in enumerate(
            zip(request.samples, drawn.ids, lengths, drawn.ended.tolist(), strict=True)
        ):
            text = self.tokenizer.decode(ids[:length], skip_special_tokens=True)
            text = opening + before_stop(text, sampling.stop)
            reason = "stop" if ended else "length"
            found.append(Response(request.item_id, sample, text, None, reason, prompt_tokens, length, tokens=told[n]))
        return found


class _Drawn(LogitsProcessor):
    """Leaves the token that was drawn."""

    def __init__(self, drawer: AnswerDrawer) -> None:
        self._drawer = drawer

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        token = self._drawer.draw(scores)
        return torch.full_like(scores, -torch.inf).scatter(1, token[:, None], 0.0)


class _Ended(StoppingCriteria):
    """Ends the rows that have ended."""

    def __init__(self, drawer: AnswerDrawer) -> None:
        self._drawer = drawer

    def __call__(self, input_ids: Tensor, scores: Any, **options: Any) -> Tensor:
        return ~self._drawer.live
