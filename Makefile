# The desk's commands. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

VENV := .venv
PY := $(VENV)/bin/python
# uv lives beside the packages: a sync removes what the lock does not name, uv included.
TOOLS := $(VENV)/tools
UV := $(TOOLS)/bin/uv
UV_RANGE := uv>=0.9,<1
STAMP := $(VENV)/.installed
# Apart from .venv: a sync of that would remove what only the benchmarks need.
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed
PORT ?= 8000
HOST ?= 127.0.0.1
WORKERS ?= 2
ARGS ?=

.PHONY: help install run test thorough smoke lint types lock bench figures

help: ## list these commands
	@echo "Trade reconciliation desk. Commands:"
	sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	echo "Start with: make run"

install: $(STAMP) ## set up .venv from the hashed lock

$(STAMP): requirements-dev.lock
	@started=$$SECONDS
	python=""; for name in "$${PYTHON:-}" python3.11 python3.13 python3.12 python3 python; do
		if [ -n "$$name" ] && "$$name" -c \
			'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
			>/dev/null 2>&1; then python="$$name"; break; fi
	done
	if [ -z "$$python" ]; then
		echo "No Python 3.11, 3.12 or 3.13 with venv was found." >&2
		echo "Install one (Debian: apt-get install python3 python3-venv)," \
			"or name it: make install PYTHON=/path/to/python3.11" >&2
		exit 1
	fi
	echo "Setting up $(VENV) with $$("$$python" --version) ..."
	if ! $(PY) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
		rm -rf $(VENV)
		"$$python" -m venv $(VENV)
	fi
	export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
	if ! [ -x $(UV) ]; then
		if ! $(PY) -m pip --version >/dev/null 2>&1; then $(PY) -m ensurepip >/dev/null; fi
		$(PY) -m pip install --quiet --target $(TOOLS) '$(UV_RANGE)'
	fi
	VIRTUAL_ENV="$$PWD/$(VENV)" $(UV) pip sync --quiet --require-hashes requirements-dev.lock
	touch $@
	echo "Installed in $$((SECONDS - started)) s. Next: make run, or make test."

run: install ## start the desk with a demo on http://localhost:8000 (PORT=, HOST=, ARGS=--no-demo)
	@echo "Starting the desk; Ctrl-C stops it."
	exec $(PY) manage.py desk --host $(HOST) --port $(PORT) $(ARGS)

test: install ## run the tests (WORKERS=2; ARGS="tests/unit -k price")
	@echo "Running the tests on $(WORKERS) processes ..."
	if $(PY) -m pytest -n $(WORKERS) --dist loadgroup -m "not thorough" $(ARGS); then
		echo "All green. Next: make lint before a commit, make run to see the desk."
	else
		code=$$?
		echo "Tests failed. Look at one alone: $(PY) -m pytest PATH::NAME -x" >&2
		exit $$code
	fi

thorough: install ## run the tests that take their time: kills, upgrades, main stories, browser, causes, axe
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup -m thorough $(ARGS)

smoke: install ## what a new user does, end to end, in a folder thrown away afterwards
	@$(PY) -m tests.smoke

lint: install ## ruff, mypy and the import contracts
	@echo "ruff check" && $(VENV)/bin/ruff check .
	echo "ruff format" && $(VENV)/bin/ruff format --check .
	echo "mypy" && $(VENV)/bin/mypy .
	echo "import contracts" && $(VENV)/bin/lint-imports
	echo "Clean. Next: make test."

lock: install ## resolve pyproject.toml again into the three hashed locks
	@export VIRTUAL_ENV="$$PWD/$(VENV)" UV_CUSTOM_COMPILE_COMMAND="make lock"
	compile() { $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url \
		--no-header --python-version 3.11 pyproject.toml "$$@"; }
	served=(--extra postgres --extra redis --extra sftp --extra s3)
	compile "$${served[@]}" -o requirements.lock
	compile --group dev -o requirements-dev.lock
	# The versions measured are the versions served.
	compile "$${served[@]}" --extra bench -c requirements.lock -o requirements-bench.lock
	echo "Locked. Next: make install, make test, and look at the diff of the three locks."

bench: $(BENCH_STAMP) ## measure everything and write docs/performance.md (ARGS="--rows 10000 --runs 1")
	@$(BENCH_VENV)/bin/python -m benchmarks.report $(ARGS)

$(BENCH_STAMP): requirements-bench.lock | $(STAMP)
	@echo "Setting up $(BENCH_VENV), with Splink and DuckDB to compare with ..."
	if ! [ -x $(BENCH_VENV)/bin/python ]; then $(PY) -m venv --without-pip $(BENCH_VENV); fi
	VIRTUAL_ENV="$$PWD/$(BENCH_VENV)" $(UV) pip sync --quiet --require-hashes requirements-bench.lock
	touch $@

figures: install ## judge both feeds of a generated fortnight against the truth (ARGS="--trades 20000")
	@$(PY) benchmarks/two_feeds.py $(ARGS)
