"""The optimiser that a recipe names: torch's AdamW, or one of bitsandbytes' with moments of 8 bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from ...harness.errors import MissingExtraError, install
from ..recipe import ADAMW, OptimiserSettings

_TABLES = "qmap"
BITSANDBYTES = {"adamw_8bit": "AdamW8bit", "paged_adamw_8bit": "PagedAdamW8bit"}


def open_optimiser(settings: OptimiserSettings, parameters: Iterable[Parameter], device: str) -> Any:
    """Over float32 parameters. Raises MissingExtraError without bitsandbytes where that is needed."""
    how: dict[str, Any] = {
        "lr": settings.learning_rate,
        "betas": (settings.betas[0], settings.betas[1]),
        "weight_decay": settings.weight_decay,
    }
    if settings.kind == ADAMW:
        fused = device.startswith("cuda") or None  # there it spares a second copy of the moments in a step
        return torch.optim.AdamW(parameters, **how, fused=fused)
    package = bitsandbytes(f"optimiser.kind {settings.kind}")
    return getattr(package.optim, BITSANDBYTES[settings.kind])(parameters, **how)


def bitsandbytes(what: str) -> Any:
    """The package. Raises MissingExtraError, which says `what` needs it."""
    try:
        import bitsandbytes as package  # noqa: PLC0415 - few need it
    except ImportError as error:
        raise MissingExtraError(f"{what} needs bitsandbytes: {install('quantised')} ({error})") from error
    return package


def moments(optimiser: Any, parameter: Parameter) -> dict[str, Tensor]:
    """What the optimiser keeps of a parameter, by name; the tables by which 8 bits are read are always the same."""
    kept = optimiser.state[parameter].items()
    return {name: torch.as_tensor(value) for name, value in kept if not name.startswith(_TABLES)}


def restore_moments(optimiser: Any, parameter: Parameter, stored: Mapping[str, Tensor]) -> None:
    """Go on from what was kept of a parameter."""
    state = optimiser.state[parameter]
    if isinstance(optimiser, torch.optim.AdamW):
        state.update({name: value.to(parameter) if value.dim() else value for name, value in stored.items()})
        return
    (group,) = optimiser.param_groups
    place = next(place for place, one in enumerate(group["params"]) if one is parameter)
    optimiser.init_state(group, parameter, 0, place)
    for name, value in stored.items():
        if value.dim():
            state[name].copy_(value)
        else:  # the count of steps
            state[name] = int(value)
