# demo | test | check | bench | docs; each makes the environment first where it is missing or out of date.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STAMP_ALL := $(VENV)/.installed-all
UV_VERSION := 0.13.8
TORCH_VERSION := 2.13.0

# The publishers' data, where a folder beside the repository holds them; see the README.
ifndef ZELO_DATA_DIR
ifneq ($(wildcard ../shared/data),)
export ZELO_DATA_DIR := $(abspath ../shared/data)
endif
endif

# Threads of OpenMP that wait by spinning starve each other on a few cores.
export OMP_WAIT_POLICY ?= passive
# No model is looked for on a hub by a test or a benchmark.
export HF_HUB_OFFLINE ?= 1

.PHONY: help install install-all demo test check bench bench-serving chaos fuzz docs lock clean

help:
	@echo "make demo    from a CSV to a served, logged, watched model"
	@echo "make test    every test, with coverage"
	@echo "make check   ruff, mypy --strict, import-linter"
	@echo "make bench   the figures that the README quotes"
	@echo "make bench-serving  the server beside its peers; needs wrk and, once, a network"
	@echo "make chaos   zelo serve killed 100 times under load: is every answer in the ledger?"
	@echo "make fuzz    100,000 generated requests to a real server"
	@echo "make docs    the pages that are made from the code"

install: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--constraint requirements.lock --editable '.[dev]'
	touch $@

# With every extra. PyTorch first, and by pip: uv would bring the build with CUDA.
install-all: $(STAMP_ALL)

$(STAMP_ALL): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--constraint requirements.lock --editable '.[dev,deep,text,forecast,postgres,prices,redis,report,spark]'
	touch $@

demo: install
	$(BIN)/zelo demo

test: install-all
	$(BIN)/python -m pytest --numprocesses 2 --cov --cov-report term

check: install-all
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-all
	$(BIN)/python -m benchmarks

bench-serving: install-all
	$(BIN)/python -m benchmarks.serving

chaos: install-all
	$(BIN)/python -m benchmarks.chaos

fuzz: install-all
	$(BIN)/python -m benchmarks.fuzz

docs: install
	$(BIN)/python -m zelo.features.catalogue projects > docs/features.md
	$(BIN)/python -m deploy.grafana

lock: install
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .zelo
