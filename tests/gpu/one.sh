#!/usr/bin/env bash
# One card, no network, about 8 minutes: two steps by every trainer that is installed, in tokens per second beside vLLM.
#
#     tests/gpu/one.sh [WHEELS]
#
# WHEELS is a folder of wheels that were carried along (pip download -d WHEELS -e ".[local,adapters,trl,vllm]" on a machine
# like it); without it the environment of `make .venv/installed-dev` is used. Without a card the tiny model takes the place
# of the random one of 3B, and the figures say nothing but that the script runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=.venv/bin/python
if [ $# -gt 0 ]; then
    python3 -m venv .venv/gpu
    python=.venv/gpu/bin/python
    "$python" -m pip install --quiet --no-index --find-links "$1" -e ".[local,adapters]"
    for extra in vllm trl openrlhf; do  # those whose wheels are there
        "$python" -m pip install --quiet --no-index --find-links "$1" -e ".[$extra]" 2>/dev/null || echo "$extra: no wheels"
    done
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$python" tests/gpu/one.py "$out"
