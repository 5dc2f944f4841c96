"""Lets torchvision be imported where its compiled operators do not fit the torch that is installed (CPU wheels).

lmms-eval imports torchvision, but nothing that it does in these tests needs those operators: their schemas are enough.
"""

import sys

import torch

try:
    import torchvision  # noqa: F401
except (ImportError, RuntimeError):
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    torch.library.define("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
