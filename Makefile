PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AXE := 4.14.1
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow check scan rehearsal bench train format clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Horizon needs Python 3.11 or newer; set PYTHON=...")' && $(PYTHON) -m venv $(VENV) && $(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]' && touch $@

# Only the tests of accessibility need it; where there is no npm or no network they are skipped and say so.
$(VENV)/node/node_modules/axe-core/axe.min.js: | $(VENV)/ready
	@! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --fetch-retries=0 --prefix $(VENV)/node axe-core@$(AXE) || echo "axe-core could not be fetched: the tests of accessibility will be skipped"

setup: $(VENV)/ready $(VENV)/node/node_modules/axe-core/axe.min.js ## Make the virtual environment and install everything into it

demo: setup ## The main job on the simulated world; prints the paths of the briefs
	@$(BIN)/horizon demo

test: check ## ruff, mypy --strict and all fast tests
	$(BIN)/pytest -q -n 2 -m "not slow"

slow: check ## The tests that take minutes
	$(BIN)/pytest -q -m slow -n 3

check: setup ## ruff and mypy --strict
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

scan: setup ## Scan the last complete week of the live feeds
	$(BIN)/horizon scan --week last

rehearsal: setup ## Backfill and scan real weeks through the replay server (needs the shared data)
	$(BIN)/python -m benchmarks.rehearsal

bench: setup ## Measure everything; tables go to benchmarks/results
	$(BIN)/python -m benchmarks

train: setup ## Train the classifier again (needs the shared data)
	$(BIN)/horizon train

format: setup ## Format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean: ## Remove the virtual environment and all runtime data
	rm -rf $(VENV) var build dist
