# Every target works from a fresh clone: it makes .venv from the lock file by itself.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash
READY := .venv/.ready

.PHONY: setup demo test check bench peers truth lock wheel clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("keii needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(BIN)/keii demo

test: setup
	$(BIN)/python -m pytest -n 2

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup .venv-bench/.ready
	$(BIN)/python -m bench

# What stands beside keii and cannot live in its environment.
.venv-bench/.ready: requirements-bench.lock
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@

# keii's Sigma matches over a folder of evidence in the shapes of other tools: make peers EVIDENCE=logs RULES=rules.zip
PEERS ?= peers
peers: setup
	@test -n "$(EVIDENCE)" && test -n "$(RULES)" || { echo "make peers EVIDENCE=FOLDER RULES=FOLDER-OR-ZIP [PEERS=OUT]"; exit 2; }
	mkdir -p "$(PEERS)"
	for shape in hayabusa:csv zircolite:json chainsaw:json; do \
	  $(BIN)/keii sigma "$(EVIDENCE)" --rules "$(RULES)" --shape $${shape%:*} > "$(PEERS)/$${shape%:*}.$${shape#*:}" || test $$? = 1 || exit 2; \
	done

truth: setup
	$(BIN)/python -m keii.truth --seeds 1-20 --variant all

lock:
	uv pip compile pyproject.toml requirements.in --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --quiet -o requirements.lock
	uv pip compile requirements-bench.in --universal --python-version 3.11 --prerelease allow \
	  --generate-hashes --no-header --no-annotate --quiet -o requirements-bench.lock

wheel: setup
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w dist .

clean:
	rm -rf .venv .venv-bench dist demo bench/out
