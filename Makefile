# Every command of the project. Needs python3 (3.11 or newer, with venv), make and git; nothing else.

PYTHON  ?= python3
VECTORS ?= tests/vectors
PYTEST  ?=

VENV  := .venv
BIN   := $(VENV)/bin
PY    := $(BIN)/python
STAMP := $(VENV)/.installed

DOCS_CHECK := $(PY) tools/docs.py --check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check integration e2e bench conformance docs clean

help:
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv with the package and the development tools

demo: $(STAMP) ## answer questions about the shipped sample policy
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash tools/demo.sh

test: $(STAMP) ## run the tests; PYTEST="-k name" passes options on
	@$(PY) -m pytest $(PYTEST)

check: $(STAMP) ## lint, format, types, import contracts, sizes, generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(PY) tools/sizes.py
	@$(DOCS_CHECK)

integration: $(STAMP) ## tests that need real files, processes and limits (part of `make test` too)
	@$(PY) -m pytest tests/integration $(PYTEST)

e2e: $(STAMP) ## tests of the whole server through its clients (none exist yet)
	@echo "No end-to-end tests exist yet: nothing was run."

bench: $(STAMP) ## measure, print a table, write build/bench.json
	@mkdir -p build
	@$(PY) -m bench.run

conformance: $(STAMP) ## run the vector files of a folder: VECTORS=DIR
	@$(PY) -m tests.conformance.run "$(VECTORS)"

docs: $(STAMP) ## regenerate docs/reference from the tables
	@$(PY) tools/docs.py

clean: ## remove .venv, build results and caches
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find bench src tests tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Virtward needs Python 3.11 or newer, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1 | head -n 1). Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot create virtual environments: its venv module is missing (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@$(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
