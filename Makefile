# Every command of the project. `make up` and `make test` set up what they need (.ci/venv).
.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
ARGS ?=

.PHONY: help up demo test check check-format check-lint check-types check-imports \
        check-reference install reference golden kafka faults lock clean run-venv dev-venv

help:  ## list the commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/make \1\t\2/p' Makefile | expand -t 20

up: run-venv  ## run the whole gateway and print its addresses (ARGS="--port 8090")
	@exec $(BIN)/kanal up $(ARGS)

demo: run-venv  ## the same in data-demo/, fed by simulated citizens
	@exec $(BIN)/kanal up --demo $(ARGS)

test: dev-venv  ## run all tests (ARGS="tests/sink -k crash")
	@exec $(BIN)/pytest $(ARGS)

check: check-format check-lint check-types check-imports check-reference  ## all that is not a test

check-format: dev-venv
	@$(BIN)/ruff format --check .

check-lint: dev-venv
	@$(BIN)/ruff check .

check-types: dev-venv
	@$(BIN)/mypy

check-imports: dev-venv
	@$(BIN)/lint-imports

check-reference: dev-venv
	@$(BIN)/kanal reference --check

reference: run-venv  ## write docs/reference/ and .env.example anew from the code
	@$(BIN)/kanal reference

install: run-venv  ## only set up, for a service whose account may not write here (deploy/)
	@$(BIN)/python -m compileall -q core connectors normalizer dedup sink dashboard gateway

golden: dev-venv  ## write the expected outcomes of all samples anew (review the diff)
	@$(BIN)/python tests/golden.py

kafka: dev-venv  ## fetch Apache Kafka for the tests that need a broker
	@$(BIN)/python tests/kafka/broker.py --fetch

faults: dev-venv  ## run the fault suite (ARGS="--seed 7")
	@exec $(BIN)/python bench/faults.py $(ARGS)

# No index URL may enter a lock; versions that are not asked to move stay (ARGS="-P httpx").
UV := build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
      --no-emit-index-url --custom-compile-command 'make lock' --extra install

lock:  ## write both locks anew from pyproject.toml
	@test -x build/uv/bin/uv || { python3 -m venv build/uv && build/uv/bin/pip install --quiet uv; }
	@$(UV) $(ARGS) pyproject.toml -o requirements.lock
	@$(UV) $(ARGS) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove what can be made again; data/ and data-demo/ stay
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	        .import_linter_cache
	@find . -name __pycache__ -type d -not -path './data*' -prune -exec rm -rf {} +

run-venv:
	@.ci/venv requirements.lock

dev-venv:
	@.ci/venv requirements-dev.lock
