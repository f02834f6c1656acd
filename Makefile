# make check: everything that must pass before a change lands; .ci/run does the same in a fresh
# virtual environment. BIN is where the tools are: .venv/bin unless told, make BIN= uses the PATH.
BIN ?= .venv/bin/

.PHONY: check lint test slow format docs

check: lint test

lint:
	$(BIN)ruff format --check
	$(BIN)ruff check
	$(BIN)mypy
	$(BIN)lint-imports
	$(BIN)python docs/generate.py --check

test:
	$(BIN)pytest

slow:
	$(BIN)pytest -m slow

format:
	$(BIN)ruff format
	$(BIN)ruff check --fix

docs:
	$(BIN)python docs/generate.py
