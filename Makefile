# Everything is run from .venv; `make setup` makes it and every other target calls it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
CATALOGUES := $(shell find src -name '*.po' 2>/dev/null)
# A home of its own keeps the checks away from the user's database and keys.
CHECK_ENV := ABONENT_HOME=$(CURDIR)/.venv/check-home ABONENT_SECRET_KEY=check DJANGO_SETTINGS_MODULE=abonent.project.settings
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup lock demo up lint check browser test bench clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "The Python module venv is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

%.mo: %.po | $(READY)
	$(BIN)/pybabel --quiet compile -i $< -o $@

setup: $(READY) $(CATALOGUES:.po=.mo) ## make .venv with the command abonent in it

lock: $(READY) ## write the locked dependencies anew after a change in pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --quiet --custom-compile-command "make lock" -o requirements/lock.txt
	$(BIN)/uv pip compile pyproject.toml --group dev -c requirements/lock.txt --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock" -o requirements/dev.txt

demo: setup ## a sample supplier, from readings to printed bills
	$(BIN)/abonent demo run

up: setup ## the office at http://127.0.0.1:8000/ with a worker beside it
	$(BIN)/abonent up

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CHECK_ENV) $(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(CHECK_ENV) $(BIN)/abonent parameters lint
	$(CHECK_ENV) $(BIN)/python -W ignore::RuntimeWarning -m django makemigrations --check --dry-run

check: lint ## what to run before every commit: style, types, layers, migrations, quick tests
	$(BIN)/pytest -n $(WORKERS) tests/unit tests/scenarios

browser:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
	  echo "NOT INSTALLED: the browser of the journeys; as root: apt-get install chromium" >&2

test: lint browser ## everything
	$(BIN)/pytest -n $(WORKERS)

bench: setup ## sizes and speeds, one JSON object a line
	$(BIN)/abonent bench billing --accounts 100000 --json
	$(BIN)/abonent bench desk --accounts 100000 --json
	$(BIN)/abonent bench bills --accounts 5000 --json
	$(BIN)/abonent bench recalculation --json
	$(BIN)/abonent bench readings --readings 100000 --json
	$(BIN)/abonent bench kill month --instants 5 --json
	$(BIN)/abonent bench cashiers --accounts 100000 --json

clean: ## remove what was made; the database in the user's data folder stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
	find src -name '*.mo' -delete
