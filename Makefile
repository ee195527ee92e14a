# make demo    a sample class, graded end to end
# make test    everything that must be true of this project
# make help    the rest

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
# How far student code is shut off in demo and test: full, or by name less (see grader doctor).
ISOLATION ?= full
# Set on purpose before anything is installed: what the user has elsewhere must not leak in.
export PYTHONNOUSERSITE := 1

.PHONY: help demo build test lint exploits conformance proof benchmarks benchmarks-engine benchmarks-lessons docs clean jail lab

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make build       solutions/ and assignments/ anew from course/lessons"
	@echo "make lint        ruff and mypy alone"
	@echo "make conformance the engine and the solved lessons beside real torch (a large install)"
	@echo "make exploits    what submissions may try, at every level of isolation, as a table"
	@echo "make proof       every key under 100 seeds, and mutants, as a matrix"
	@echo "make lab         a lesson in JupyterLab, by a browser without a window"
	@echo "make benchmarks  how fast grading is, beside nbgrader itself"
	@echo "make benchmarks-engine  how fast the engine is, beside torch and other libraries"
	@echo "make benchmarks-lessons  how long Restart & Run All takes on each solved lesson"
	@echo "make docs        the documentation as a web site, in docs/_build"
	@echo "make clean       remove the environment and all that was generated and is not in git"

demo: jail $(VENV)/ready
	$(BIN)/grader demo --isolation $(ISOLATION)

build: $(VENV)/ready
	$(BIN)/grader build

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: jail lint
	ISOLATION=$(ISOLATION) $(BIN)/pytest -n $(JOBS) --dist loadfile

exploits: jail $(VENV)/ready
	$(BIN)/python -m tests.exploits

proof: $(VENV)/ready
	$(BIN)/python -m tests.proof --seeds 100 --jobs $(JOBS)

lab: $(VENV)/ready
	@command -v chromedriver >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	  then apt-get update -qq && apt-get install -y -qq chromium chromium-driver; \
	  else echo "A browser is missing. Type: sudo apt-get install chromium chromium-driver"; exit 1; fi; }
	$(BIN)/pytest tests/lab

# (On Linux, PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu saves gigabytes.)
conformance: $(VENV)/torch-ready
	$(BIN)/pytest -q -p no:cacheprovider --confcutdir=tests/torch tests/torch tests/engine/test_transcript.py

benchmarks-engine: $(VENV)/torch-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check mygrad autograd micrograd
	$(BIN)/python benchmarks/engine.py

benchmarks: $(VENV)/ready
	$(BIN)/python benchmarks/grading.py

benchmarks-lessons: $(VENV)/ready
	$(BIN)/python benchmarks/lessons.py

docs: $(VENV)/docs-ready
	$(BIN)/sphinx-build -q -W docs docs/_build

clean:
	rm -rf $(VENV) demo docs/_build .mypy_cache .ruff_cache

# Student code runs inside bubblewrap: a small program, from the system's packages.
jail:
	@[ "$(ISOLATION)" != full ] || command -v bwrap >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	  then apt-get update -qq && apt-get install -y -qq bubblewrap; \
	  else echo "bubblewrap is missing. Type: sudo apt-get install bubblewrap"; \
	    echo "(Fedora: sudo dnf install bubblewrap. Without it: make demo ISOLATION=reduced, make test ISOLATION=reduced)"; \
	    exit 1; fi; }

# The stamp is newer than what it was made from: a second run starts at once.
$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	  then apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else echo "Python's venv module is missing. Type: sudo apt-get install python3-venv"; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/torch-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,torch]' expecttest
	@touch $@

$(VENV)/docs-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@
