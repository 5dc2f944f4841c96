"""The order of rows: OpenRLHF shuffles what it reads, and our files are written in the order that is trained on."""

from __future__ import annotations

from typing import Any

import torch
from openrlhf.utils.deepspeed import DeepspeedStrategy


class SequentialStrategy(DeepspeedStrategy):  # type: ignore[misc]
    """Takes the rows as they come. Stands in the place of OpenRLHF's own, and goes with it into its processes."""

    def setup_dataloader(
        self, rows: Any, batch_size: int, pin_memory: bool = False, shuffle: bool = True, *more: Any, **options: Any
    ) -> Any:
        """OpenRLHF's, without its shuffling."""
        return super().setup_dataloader(
            rows, batch_size, pin_memory and torch.cuda.is_available(), False, *more, **options
        )
