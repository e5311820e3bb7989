# Every command makes the environment it needs by itself, in .venv, from the hashed lock file. `make` explains.

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run notebook test lint format bench lock clean FORCE

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages
READY := $(VENV)/.ready
PEER := $(VENV)/.peer
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

help:
	@echo 'huyou_sim projects a city under birth-support policies and says whether its targets can be met.'
	@echo
	@echo '  make run       the main job on Huzhou: fit, projections, targets, into results/huzhou'
	@echo '  make notebook  open the notebooks in a browser'
	@echo '  make test      lint, types, all tests, notebooks and README examples'
	@echo '  make lint      style and types only'
	@echo '  make format    let ruff mend the style'
	@echo '  make bench     measure the speed of the engine, beside leapfrog-py'
	@echo '  make lock      write the two lock files anew from pyproject.toml (needs uv)'
	@echo '  make clean     remove the environment and all caches; results stay'
	@echo
	@echo 'Each makes its environment (.venv) first when that is missing or out of date: one or two minutes.'
	@echo 'Options:  make run ARGS="--lang zh plan_as_written"    arguments of `huyou run`'
	@echo '          make test ARGS="-k kernel"                   arguments of pytest'
	@echo '          make run PYTHON=python3.12                   another Python, 3.11 or newer'
	@echo
	@echo 'After that the command itself stands ready:  $(BIN)/huyou --help'

run: $(READY)
	@$(BIN)/huyou run $(ARGS)

notebook: $(READY)
	@$(BIN)/jupyter lab notebooks $(ARGS)

test: lint
	@$(BIN)/python -m pytest -n $(WORKERS) --nbmake tests $(wildcard notebooks) $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet --output-format concise || { echo 'Type: make format'; exit 1; }
	@$(BIN)/mypy

format: $(READY)
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format

bench: $(READY) $(PEER)
	@$(BIN)/python benchmarks/run.py $(ARGS)

# --universal: one file for Python 3.11 and newer on every system. uv leaves addresses out unless asked.
# The second file holds what the benchmark compares with and nothing that the first has.
lock:
	@uv pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --no-header --no-annotate --quiet --extra notebook --extra test $(ARGS) \
	  --output-file requirements.lock pyproject.toml
	@$(PYTHON) -c 'import tomllib as t; e = t.load(open("pyproject.toml", "rb")); \
	  print(*e["project"]["optional-dependencies"]["bench"], sep="\n")' | \
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet $(ARGS) \
	  --constraint requirements.lock --no-emit-package h5py --no-emit-package numpy \
	  --output-file requirements-bench.lock -

clean:
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests notebooks benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# --- the environment ---------------------------------------------------------------------------------------

# An environment holds absolute paths: one that was copied or moved along with the folder is made anew.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null),$(CURDIR))
$(PACKAGES): FORCE
endif

$(PACKAGES): requirements.lock
	@command -v '$(PYTHON)' > /dev/null || { \
	  echo 'There is no $(PYTHON) here: install Python 3.11 or newer, or name it: make run PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo 'Install one, or name it: make run PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo '$(PYTHON) cannot make environments: its modules venv and ensurepip are missing.' >&2; \
	  echo 'On Debian and Ubuntu: sudo apt install python3-venv' >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock with $$($(PYTHON) --version): one or two minutes ..." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@total=$$(grep -c '^[a-z].*==' requirements.lock); n=0; \
	$(PIP) install --progress-bar off --require-hashes -r requirements.lock 2>&1 | tee $(VENV)/pip.log | \
	while read -r word name _; do \
	  case "$$word" in \
	    Collecting|Processing) n=$$((n + 1)); name=$${name##*/}; note="$$n of at most $$total packages: $${name%%[=-]*}" ;; \
	    Installing) note='writing them to $(VENV) ...' ;; \
	    *) continue ;; \
	  esac; \
	  if [ -t 2 ]; then printf '\r  %-70.70s' "$$note" >&2; fi; \
	done || { \
	  tail -n 12 $(VENV)/pip.log >&2; \
	  echo 'The packages could not be installed (the whole report: $(VENV)/pip.log).' >&2; \
	  echo 'Without a network, or behind a mirror: set up pip for it (PIP_INDEX_URL, pip.conf) and repeat.' >&2; \
	  exit 1; }
	@if [ -t 2 ]; then printf '\r%-72s\r' '' >&2; fi
	@echo '$(CURDIR)' > $(VENV)/.place
	@touch $@

$(READY): $(PACKAGES) pyproject.toml hatch_build.py
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The benchmark also runs without its peer: no wheel for some system is no failure.
$(PEER): requirements-bench.lock $(PACKAGES)
	@if $(PIP) install --quiet --no-deps --only-binary :all: --require-hashes -r requirements-bench.lock; \
	then touch $@; \
	else echo 'leapfrog-py could not be installed (no wheel for this system, or no network): measuring without it.' >&2; fi
