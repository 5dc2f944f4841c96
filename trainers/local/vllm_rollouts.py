"""Answers of the local trainer that vLLM draws: an engine in a process of its own, with the policy's weights.

    OUT/rollouts/N/    the policy after its N-th hand-over, as a checkpoint of then would hold it; the last one alone

The weights go through files, so the engine draws by what is examined: adapters merged, in the precision of the checkpoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...harness.engines.drawing import DrawnTokens
from ...harness.engines.vllm import VllmEngine, VllmOptions
from ...harness.errors import EngineError
from ...harness.types import Prompt, Request, Response, Sampling
from ..keeping import check_room, stored_bytes
from ..recipe_settings import RolloutSettings
from .policy import Policy
from .vllm_worker import WeightTaker

FOLDER = "rollouts"
WORKER = f"{WeightTaker.__module__}.{WeightTaker.__qualname__}"
BANNED = -100.0
"""What is added to the logit of a token that is not to be drawn."""


@dataclass(frozen=True)
class DrawnAnswer:
    """An answer's tokens, the model's own log-probability of each, and whether it ended by itself."""

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    ended: bool


@dataclass(frozen=True)
class RolloutOptions(VllmOptions):
    """Those of any engine, in whose workers `WeightTaker` is mixed."""

    def to_vllm(self, path: Path, config: Any) -> dict[str, Any]:
        """Arguments of vLLM's engine."""
        return {**super().to_vllm(path, config), "worker_extension_cls": WORKER}


class RolloutEngine(VllmEngine):
    """vLLM's engine, which keeps the tokens of its answers, never draws those that are `banned`, and takes new weights."""

    def __init__(self, path: Path, options: RolloutOptions, banned: Sequence[int]) -> None:
        super().__init__(path, options)
        self._bias = dict.fromkeys(banned, BANNED)
        self._answers: dict[tuple[str, int], DrawnAnswer] = {}

    def draw(
        self, prompts: Sequence[Prompt], sampling: Sampling, answered: Callable[[int, list[DrawnAnswer]], None]
    ) -> None:
        """sampling.n answers to each prompt; `answered` is told of a prompt's by its place, as soon as they are all there.

        Raises EngineError for an answer that could not be drawn.
        """
        samples = tuple(range(sampling.n))
        owed = {str(place): sampling.n for place in range(len(prompts))}
        requests = (Request(str(place), prompt, samples, tokens=True) for place, prompt in enumerate(prompts))
        for response in self.generate(requests, sampling):
            name = response.item_id
            if response.text is None:
                raise EngineError(f"vLLM could not answer a training prompt: {response.error}")
            owed[name] -= 1
            if not owed[name]:
                answered(int(name), [self._answers.pop((name, k)) for k in samples])

    def take_weights(self, checkpoint: Path) -> None:
        """Draw by the weights of another checkpoint of the same model, and forget what older ones made of prompts.

        Raises EngineError.
        """
        engine = self._llm.llm_engine
        try:
            with self._chatter.taken():
                engine.collective_rpc(WeightTaker.take_weights.__name__, args=(str(checkpoint),))
                engine.reset_prefix_cache()
                engine.reset_encoder_cache()
                self._llm.reset_mm_cache()
        except Exception as error:
            cause = self._chatter.cause(self._started) or " ".join(str(error).split())[:300]
            raise EngineError(f"vLLM did not take the policy's new weights ({cause}); resume with --resume") from error

    def close(self) -> None:
        """End its process."""
        self._llm.llm_engine.engine_core.shutdown()

    def _params(self, sampling: Sampling, seed: int, *, tell: bool) -> dict[str, Any]:
        return {**super()._params(sampling, seed, tell=tell), "logit_bias": self._bias}

    def _respond(self, request: Request, sample: int, output: Any, sampling: Sampling) -> Response:
        answer = output.outputs[0]
        ids = tuple(answer.token_ids)
        logprobs = tuple(row[token].logprob for token, row in zip(ids, answer.logprobs, strict=True))
        self._answers[request.item_id, sample] = DrawnAnswer(ids, logprobs, answer.finish_reason == "stop")
        return super()._respond(request, sample, output, sampling)


class VllmRollouts:
    """Draws for a policy that is being trained; it is handed over anew after `policy_changed`. `training` is its folder."""

    def __init__(self, policy: Policy, settings: RolloutSettings, training: Path) -> None:
        self.settings = settings
        self._policy, self._folder = policy, training / FOLDER
        self._engine: RolloutEngine | None = None
        self._handed, self._stale = 0, True

    @property
    def in_first_step(self) -> bool:
        """Whether the engine still has the weights that it was started with."""
        return self._handed == 1

    def policy_changed(self) -> None:
        """Say that the policy has new weights."""
        self._stale = True

    def draw(
        self, prompts: Sequence[Prompt], sampling: Sampling, answered: Callable[[int, Tensor, Tensor], None]
    ) -> DrawnTokens:
        """sampling.n answers to each prompt, in order, with the log-probabilities that the engine gives to their tokens.

        `answered` is told of a prompt's, by its place: ids and mask (n, T). Raises EngineError, UsageError and StoreError.
        """
        padding = self._policy.vlm.tokenizer.pad_token_id
        rows: dict[int, DrawnTokens] = {}

        def take(place: int, answers: list[DrawnAnswer]) -> None:
            rows[place] = as_tokens(answers, padding)
            answered(place, rows[place].ids, rows[place].mask)

        self._current().draw(prompts, sampling, take)
        parts = [rows[place] for place in range(len(prompts))]
        return _on(DrawnTokens.joined(parts, padding), self._policy.vlm.device)

    def close(self) -> None:
        """End the engine, and delete what was handed over."""
        if self._engine is not None:
            self._engine.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _current(self) -> RolloutEngine:
        """The engine with the policy's present weights."""
        if self._engine is not None and not self._stale:
            return self._engine
        checkpoint = self._hand_over()
        if self._engine is None:
            settings = self.settings
            options = RolloutOptions(
                gpu_memory_utilization=settings.gpu_memory_utilization if torch.cuda.is_available() else None,
                enforce_eager=settings.enforce_eager,
            )
            self._engine = RolloutEngine(checkpoint, options, self._policy.vlm.media_ids)
        else:
            self._engine.take_weights(checkpoint)
        for older in self._folder.iterdir():
            if older != checkpoint:
                shutil.rmtree(older)
        self._stale = False
        return self._engine

    def _hand_over(self) -> Path:
        """The policy in a new folder."""
        if self._handed == 0:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._handed += 1
        checkpoint = self._folder / str(self._handed)
        checkpoint.mkdir(parents=True)
        check_room(self._folder, stored_bytes(self._policy.start), "handing the weights to vLLM")
        self._policy.checkpoint().save(checkpoint)
        return checkpoint


def as_tokens(answers: Sequence[DrawnAnswer], padding: int) -> DrawnTokens:
    """The answers to a prompt as tensors, padded on the right."""
    width = max(len(one.ids) for one in answers)
    ids = torch.full((len(answers), width), padding)
    mask, logprobs = torch.zeros(ids.shape, dtype=torch.bool), torch.zeros(ids.shape)
    for row, one in enumerate(answers):
        length = len(one.ids)
        ids[row, :length], mask[row, :length] = torch.tensor(one.ids), True
        logprobs[row, :length] = torch.tensor(one.logprobs)
    return DrawnTokens(ids, mask, torch.tensor([one.ended for one in answers]), logprobs)


def _on(drawn: DrawnTokens, device: torch.device) -> DrawnTokens:
    assert drawn.logprobs is not None
    return DrawnTokens(drawn.ids.to(device), drawn.mask.to(device), drawn.ended.to(device), drawn.logprobs.to(device))
