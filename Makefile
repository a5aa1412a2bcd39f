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
	@echo "  make run              start the whole system on this machine, with simulated shoppers"
	@echo "  make run ARGS=…       with options of footpath up, e.g. ARGS=\"--shoppers 0\""
	@echo
	@echo "Work on it"
	@echo "  make test             run the tests; ARGS goes to pytest, e.g. ARGS=\"tests/schemas -x\""
	@echo "  make chaos            run the chaos tests and stories in their long form (hours); ARGS as above"
	@echo "  make bench            run all benchmarks with their baselines (half an hour on an idle machine)"
	@echo "  make bench WHAT=…     run one benchmark, e.g. WHAT=shell; ARGS=--help lists them"
	@echo "  make lint             check style with ruff"
	@echo "  make types            check types with mypy"
	@echo "  make clean            remove the virtual environment and the caches of the tools"

run: $(VENV)/.installed
	$(BIN)/footpath up $(ARGS)

# Three worker processes, for two cores, each test file in one of them: most tests wait for real servers, of which each
# worker starts its own.
# Files in their order (by default those with many tests come first), so that the long chaos tests do not begin last.
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# One process: these tests load the machine themselves.
chaos: $(VENV)/.installed-test
	$(BIN)/python -m pytest tests/chaos tests/stories tests/processors/shell tests/processors/test_next_release.py \
		tests/stack/test_secure_kafka.py tests/stack/test_identifier_key.py tests/stack/test_key_rotation.py \
		tests/stack/test_destroyed_contacts.py tests/gateway/publish/test_clock.py \
		tests/sinks/test_other_kafka.py tests/sinks/privacy/test_worker.py \
		tests/sinks/store/test_experiment_error.py tests/gateway/trust/test_forged_tags.py --long $(ARGS)
	$(BIN)/python -m pytest tests -m hypothesis --ignore=tests/chaos --ignore=tests/stories --long $(ARGS)

bench: $(VENV)/.installed-bench
	$(BIN)/python -m tests.bench $(WHAT) $(ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

# The data of a stack (.footpath) is kept.
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

# With the peers that the benchmarks compare Footpath with.
$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[bench]'
	@touch $@
