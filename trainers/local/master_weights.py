"""Master weights: what a training changes, kept in float32 whatever precision the model computes in.

An update of 1e-6 is lost in the rounding of nearly every bfloat16 weight. So the optimiser changes float32 copies, and the
model's own weights are those, rounded: the very weights that are sampled from, saved and examined. Gradients are summed in
float32 over the backward passes of an update. Weights that are float32 are their own masters.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import Parameter

MASTER = "master"


class MasterWeights:
    """The float32 `masters` of `trained` parameters, by name."""

    def __init__(self, trained: Mapping[str, Parameter]) -> None:
        self.trained = trained
        self.masters = {name: _master(parameter) for name, parameter in trained.items()}

    def publish(self) -> None:
        """Give the model its masters, rounded to its precision."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                if parameter is not self.masters[name]:
                    parameter.copy_(self.masters[name])

    def state(self) -> dict[str, Tensor]:
        """The masters, for a checkpoint whose own weights are rounded."""
        return {f"{MASTER}:{name}": master.detach() for name, master in self.masters.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint's masters; where it has none, from the weights that the model has now."""
        with torch.no_grad():
            for name, master in self.masters.items():
                master.copy_(state.get(f"{MASTER}:{name}", self.trained[name]))
        self.publish()


def _master(parameter: Parameter) -> Parameter:
    """A float32 copy that collects the parameter's gradients; the parameter itself if it is float32."""
    if parameter.dtype == torch.float32:
        return parameter
    master = Parameter(parameter.detach().float())

    def collect(trained: Tensor) -> None:
        gradient, trained.grad = trained.grad, None
        if gradient is not None:
            master.grad = gradient.float() if master.grad is None else master.grad.add_(gradient)

    parameter.register_post_accumulate_grad_hook(collect)
    return master
