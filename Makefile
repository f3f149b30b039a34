# Every target sets up what it needs, once: `make run` in a fresh clone needs only git, make, python3 and its venv.
PYTHON ?= python3
# The live tests mostly wait: more than twice as many workers as cores.
JOBS ?= $(shell echo $$((2 * $$(nproc) + 2)))
ARGS ?=
SHELL := /bin/bash
BIN := .venv/bin
# Tests start `probe` hundreds of times: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test live zoo mutants check format bench fuzz soak container captures clean system packages

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Stamps live inside the environment, so that removing it removes them.
.venv/.runtime: pyproject.toml
	@.ci/venv $(PYTHON)
	$(PIP) --editable .
	@touch $@

.venv/.dev: pyproject.toml
	@.ci/venv $(PYTHON)
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/.runtime

run: .venv/.runtime ## check the embedded lab (a private network namespace with a peer in it) and print the report
	$(BIN)/probe check $(ARGS)

test: .venv/.dev packages ## every test, the live ones included; what is skipped is listed with its reason
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

live: .venv/.dev packages ## only the live tests
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal -m live $(ARGS)

ZOO := $(addprefix tests/live/test_,zoo.py paths.py firewalls.py servers.py stacks.py)

zoo: .venv/.dev ## every stack, server and path of the zoo, PROBE_COUNT times each (1); the tests meet the quick ones
	PROBE_COUNT=$(or $(PROBE_COUNT),1) $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal $(ZOO) $(ARGS)

mutants: .venv/.dev ## a peer for every mistake: what of them is found, under whose name, what is missed and why
	$(BIN)/python -m tests.mutants $(ARGS)

check: .venv/.dev ## lint, format, types, and who imports whom
	$(BIN)/ruff check --quiet --output-format concise .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_imports.py

format: .venv/.dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev packages ## measure, and compare with other tools on the same input
	$(BIN)/python -m tests.bench $(ARGS)

fuzz: .venv/.dev ## random segments and captures: judged or refused, never a crash
	$(BIN)/python -m tests.fuzz $(ARGS)

soak: .venv/.dev packages ## long runs: nothing may leak, no verdict may change
	$(BIN)/python -m tests.bench.soak $(ARGS)

container: .venv/.runtime ## judge services in containers from beside and from the host (needs Docker, or root)
	@tests/container/run $(ARGS)

captures: .venv/.dev packages ## record the curated captures anew (captures/README.md says what each shows)
	$(BIN)/python -m tests.captures.record $(ARGS)

system: ## install the programs that live tests and benches meet (Debian packages; as root, or sudo without password)
	@.ci/system-packages --install

packages: # says what of them is missing; in CI it installs them
	@.ci/system-packages

clean: ## remove the environment and everything generated
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
