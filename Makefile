# demo | test | check | bench; each makes the environment first where it is missing or out of date.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.8

# The publishers' data, where a folder beside the repository holds them; see the README.
ifndef ZELO_DATA_DIR
ifneq ($(wildcard ../shared/data),)
export ZELO_DATA_DIR := $(abspath ../shared/data)
endif
endif

# Threads of OpenMP that wait by spinning starve each other on a few cores.
export OMP_WAIT_POLICY ?= passive

.PHONY: help install demo test check bench lock clean

help:
	@echo "make demo    from a CSV to a served, logged, watched model"
	@echo "make test    every test, with coverage"
	@echo "make check   ruff, mypy --strict, import-linter"
	@echo "make bench   the figures that the README quotes"

install: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--constraint requirements.lock --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/zelo demo

test: install
	$(BIN)/python -m pytest --numprocesses 2 --cov --cov-report term

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m benchmarks

lock: install
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .zelo
