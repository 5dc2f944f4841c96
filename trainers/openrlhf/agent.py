"""How OpenRLHF draws an answer: its own single turn, with the tokens that stand for pictures banned.

OpenRLHF loads this file by its path. A sampled <|image_pad|> would make the learner look for a picture that is not there.
"""

from __future__ import annotations

import copy
from typing import Any

from openrlhf.utils.agent import SingleTurnAgentExecutor

MEDIA_TOKENS = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
BANNED = -100.0


class AgentExecutor(SingleTurnAgentExecutor):  # type: ignore[misc]
    """No reward here: groups are rewarded when all of a step's answers are there (`hooks`)."""

    def __init__(self) -> None:
        super().__init__(None)

    async def execute(  # noqa: PLR0917 - OpenRLHF's signature
        self,
        prompt: str,
        label: str,
        sampling_params: Any,
        max_length: int,
        hf_tokenizer: Any,
        llm_engine: Any,
        images: Any = None,
    ) -> Any:
        """One answer to one prompt."""
        media = {getattr(hf_tokenizer, name, None) for name in MEDIA_TOKENS} - {None}
        drawn = copy.copy(sampling_params)
        drawn.logit_bias = {**(sampling_params.logit_bias or {}), **dict.fromkeys(media, BANNED)}
        return await super().execute(prompt, label, drawn, max_length, hf_tokenizer, llm_engine, images)
