"""Lets torchvision be imported beside a torch for CPUs, for the tests of the vllm engine alone.

No build of torchvision fits vLLM's build for CPUs: its library of operators does not load, and its import fails where it
refers to two of them. vLLM uses neither. Python runs this file at the start of every process that has its folder on
PYTHONPATH, vLLM's workers included.
"""

import sys

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor a, Tensor b, float c) -> Tensor",
)
defined = []


class BeforeTorchvision:
    """Defines the operators' schemas when torchvision is first looked for; finds nothing itself."""

    def find_spec(self, name, path=None, target=None):
        """None, always."""
        if name == "torchvision" and not defined:
            defined.append(None)  # importing torch looks for torchvision too
            import torch

            if torch.version.cuda is None:
                library = torch.library.Library("torchvision", "DEF")
                defined.append(library)
                for schema in SCHEMAS:
                    library.define(schema)


sys.meta_path.insert(0, BeforeTorchvision())
