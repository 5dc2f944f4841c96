#!/usr/bin/env bash
# Installs this project with vLLM and OpenRLHF for GPUs into the active environment: bash constraints/install-openrlhf-gpu.sh
#
# flash-attn is compiled against the torch that is there, for many minutes, and does not load under another one. So the torch that
# vLLM wants comes first, and all that follows keeps it.
set -euo pipefail
cd "$(dirname "$0")/.."
install=(python -m pip install -c constraints/openrlhf-gpu.txt)

"${install[@]}" torch setuptools wheel packaging ninja psutil
"${install[@]}" --no-build-isolation flash-attn
"${install[@]}" -e ".[local,data,vllm,openrlhf]"

python -c "import torch, flash_attn, vllm, deepspeed, openrlhf; print('torch', torch.__version__, 'with flash-attn', flash_attn.__version__)"
