"""What vLLM's worker does with a policy's new weights; it imports nothing of ours, for it runs in vLLM's processes."""

from __future__ import annotations

from typing import Any

OUTPUT_LAYER = "ParallelLMHead"


class WeightTaker:
    """Mixed into vLLM's worker, which has `reload_weights` and `get_model`."""

    def take_weights(self: Any, checkpoint: str) -> None:
        """Read the weights of a checkpoint into the model.

        An output layer that shares the embedding's weights is not in the checkpoint, so vLLM does not prepare it again. On
        CPUs it would go on with what it packed of the older ones.
        """
        self.reload_weights(weights_path=checkpoint)
        for layer in self.get_model().modules():
            if type(layer).__name__ == OUTPUT_LAYER:
                layer.quant_method.process_weights_after_loading(layer)
