# Everything from a clean clone with Python 3.11 and the package registries, nothing else.

VENV    := .venv
BIN     := $(VENV)/bin
PYTHON  ?= $(shell command -v python3.11 || command -v python3)
ARGS    ?=
WHAT    ?=

.DEFAULT_GOAL := help
.PHONY: help run test chaos bench lint types clean

help:
	@echo "Footpath"
	@echo
	@echo "Try it"
	@echo "  make run              start everything on this machine, with shoppers walking"
	@echo "  make run ARGS=…       pass options on, e.g. ARGS=\"--shoppers 0\" (footpath up --help)"
	@echo
	@echo "Work on it"
	@echo "  make test             run the tests; ARGS goes to pytest, e.g. ARGS=\"tests/schemas -x\""
	@echo "  make chaos            the same under fire, in the long form (hours); ARGS as above"
	@echo "  make bench            measure everything, beside baselines (half an hour; leave the machine alone)"
	@echo "  make bench WHAT=…     measure one thing, e.g. WHAT=shell; ARGS=--help lists them all"
	@echo "  make lint             check style"
	@echo "  make types            check types"
	@echo "  make clean            remove the virtual environment and what tools left behind"

run: $(VENV)/.installed
	$(BIN)/footpath up $(ARGS)

# Two at a time, a file on one side: most tests wait for real servers, and each side starts its own. Files in their order
# (otherwise those with many tests come first), so that the long stories under fire are not the last to begin.
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# One at a time: these tests load the machine themselves.
chaos: $(VENV)/.installed-test
	$(BIN)/python -m pytest tests/fire --long $(ARGS)

bench: $(VENV)/.installed-bench
	$(BIN)/python -m tests.bench $(WHAT) $(ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

# Data of a stack (.footpath) is kept: it is nobody's litter.
clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Footpath needs Python 3.11 or later; name one with PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml deploy/constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV) (a few minutes the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[test]'
	@touch $@

# The peers that we are measured against.
$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[bench]'
	@touch $@
