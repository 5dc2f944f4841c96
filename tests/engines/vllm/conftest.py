"""The engine under test, and what it needs on a machine without a GPU.

Runs under an interpreter that has vLLM (`make test-vllm` makes one); elsewhere these tests are skipped.
"""

import os
import runpy
from importlib.util import find_spec
from pathlib import Path

import pytest

SHIM = Path(__file__).parent / "shim"
SETTINGS = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}

collect_ignore = [] if find_spec("vllm") else [file.name for file in Path(__file__).parent.glob("test_*.py")]
if not collect_ignore:
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(SHIM), *filter(None, [os.environ.get("PYTHONPATH")])])
    runpy.run_path(str(SHIM / "sitecustomize.py"))  # for this process, which has started already


@pytest.fixture(scope="session")
def vllm_model(tiny):
    """The bundled checkpoint on vLLM in fp32."""
    from proctor.harness.engines.vllm import open_engine

    return open_engine(str(tiny), {"dtype": "float32", "enforce_eager": "true"})
