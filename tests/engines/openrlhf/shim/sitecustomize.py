"""Lets OpenRLHF and vLLM run on a CPU, for tests: what they ask of CUDA is answered by the CPU. Never part of the product.

Every interpreter that has this folder on PYTHONPATH changes these modules as they are imported, in memory only. What each
change stands in for is said at its function; processes that import none of the modules are left alone.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

KEPT: list[Any] = []
"""Objects that must live as long as the process."""


def torchvision_operators() -> None:
    """The wheel's compiled operators are CUDA's; their schemas are looked for when torchvision registers its fakes."""
    import torch

    fragment = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        fragment.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    KEPT.append(fragment)


def flash_attention_absent() -> None:
    """OpenRLHF imports flash_attn where it is not used: names without a body, taken away again at once."""
    if importlib.util.find_spec("flash_attn"):
        return
    for name in ("flash_attn", "flash_attn.bert_padding", "flash_attn.utils", "flash_attn.utils.distributed"):
        module = types.ModuleType(name)
        module.__path__ = []  # type: ignore[attr-defined]
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__getattr__ = lambda attribute: _absent  # type: ignore[method-assign]
        sys.modules[name] = module


def _absent(*args: Any, **options: Any) -> None:
    raise NotImplementedError("flash_attn is not installed")


def forget_flash_attention(module: Any) -> None:
    """Else transformers would believe that flash_attn is there."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "flash_attn"]:
        if getattr(sys.modules[name].__spec__, "loader", None) is None:
            del sys.modules[name]


class _Device(str):
    """The CPU, which calls itself 0 where a device's number is written into a name like cuda:0."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        return "0"


def cuda_calls(module: Any) -> None:
    """torch.cuda's calls that need no GPU to be answered."""
    import torch

    if torch.cuda.is_available():
        return
    torch.cuda.current_device = lambda: _Device("cpu")  # type: ignore[assignment,return-value]
    for name in ("set_device", "synchronize", "empty_cache", "current_stream"):
        setattr(torch.cuda, name, lambda *args, **options: None)


def mesh_of_cpus(module: Any) -> None:
    """DeepSpeed's device mesh."""
    make = module.init_device_mesh
    module.init_device_mesh = lambda kind, *args, **options: make("cpu", *args, **options)


class _Gloo:
    """A broadcast of weights from the learner to an engine."""

    def __init__(self, group: Any) -> None:
        self._group = group

    def broadcast(self, tensor: Any, src: int = 0, stream: Any = None) -> None:
        import torch.distributed as dist

        options = dist.BroadcastOptions()
        options.rootRank, options.rootTensor = src, 0
        self._group.broadcast([tensor.contiguous()], options).wait()


def weights_over_gloo(module: Any) -> None:
    """NCCL's part of the hand-over of weights, on the learner's side and on the engine's."""

    def connect(address: str, port: int, rank: int, world: int, device: Any) -> _Gloo:
        from vllm.distributed.utils import stateless_init_torch_distributed_process_group as group

        return _Gloo(group(host=address, port=port, rank=rank, world_size=world, backend="gloo"))

    module.stateless_init_process_group = connect


def weights_into_memory(module: Any) -> None:
    """The engine's side receives into the CPU's memory."""

    def update_weight(self: Any, name: str, dtype: Any, shape: Any, empty_cache: bool = False) -> None:
        import torch

        received = torch.empty(shape, dtype=dtype)
        self._model_update_group.broadcast(received, src=0)
        self.model_runner.model.load_weights(weights=[(name, received)])

    module.WorkerWrap.update_weight = update_weight


def plain_linear_layers(module: Any) -> None:
    """vLLM packs a layer's weights for the CPU when it loads them, and would not see later ones."""
    import torch

    def keep(layer: Any, remove_weight: bool) -> None:
        layer.cpu_linear = torch.nn.functional.linear

    module.dispatch_cpu_unquantized_gemm = keep


BEFORE: dict[str, Callable[[], None]] = {
    "torchvision._meta_registrations": torchvision_operators,
    "openrlhf.models.ring_attn_utils": flash_attention_absent,
}
AFTER: dict[str, Callable[[Any], None]] = {
    "openrlhf": cuda_calls,
    "openrlhf.models.ring_attn_utils": forget_flash_attention,
    "openrlhf.utils.deepspeed.deepspeed": mesh_of_cpus,
    "openrlhf.utils.distributed_util": weights_over_gloo,
    "openrlhf.trainer.ray.vllm_worker_wrap": weights_into_memory,
    "vllm.model_executor.layers.utils": plain_linear_layers,
}


class _Changed(Loader):
    """Loads a module as its own loader does, then changes it."""

    def __init__(self, loader: Loader, change: Callable[[Any], None]) -> None:
        self._loader, self._change = loader, change

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        self._change(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class _Finder(MetaPathFinder):
    """Finds the modules of the two tables, each once."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if prepare := BEFORE.pop(name, None):
            prepare()
        change = AFTER.pop(name, None)
        spec = PathFinder.find_spec(name, path, target) if change else None
        if spec and spec.loader and change:
            spec.loader = _Changed(spec.loader, change)
        return spec


sys.meta_path.insert(0, _Finder())
