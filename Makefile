# `make` alone prints the targets. Needs make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
TARGET ?=
WORKERS ?= auto
CHECKS ?= 2000
SEEDS ?= 100
NAMED ?= 7
POWER_WORKERS ?= 2

BIN := .venv/bin
STAMP := .venv/.installed
TORCH := 2.13.0
WILD := numpy-ml==0.1.2 neuralnetlib==5.0.0 mpneuralnetwork==1.1.1 nnfs-implementation==0.0.1 dl-with-numpy==0.0.3 \
	caspian-ml==1.1.0
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n $(WORKERS) --maxprocesses 8 --dist loadfile
PIP := -m pip --quiet --disable-pip-version-check
UV := build/uv/bin/uv

# The command that makes constraints.txt; every exact version, for Python 3.11 and newer, on every platform.
COMPILE := $(UV) pip compile pyproject.toml --extra dev --extra report --extra mutation --universal --python-version 3.11 \
	--upgrade --no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: ci-example help check baseline test test-exhaustive test-frameworks wild lint report power calibration soundness peers scale mutation constraints clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: $(STAMP)  ## check every layer in layers/, or one: make check TARGET=layers/convolution.py
	@$(BIN)/gradcheck run $(TARGET)

# Hundreds of its processes import the same modules: compiled once, even where somebody's environment forbids it.
test: $(STAMP)  ## run the tests
	$(PYTEST) -m "not exhaustive"

test-exhaustive: $(STAMP)  ## run the further cases that `make test` leaves out to take less than ten minutes
	$(PYTEST) -m exhaustive

test-frameworks: .venv-frameworks/.installed  ## run the tests of PyTorch's and JAX's things, in .venv-frameworks
	OMP_NUM_THREADS=1 .venv-frameworks/bin/python -m pytest -q -n 2 --dist loadfile tests/subjects/test_torch*.py tests/subjects/test_jax*.py

lint: $(STAMP)  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

baseline: $(STAMP)  ## has a gradient of layers/ or layers/article/ drifted from its file in reports/baselines?
	@$(BIN)/gradcheck baseline check layers layers/article

ci-example: $(STAMP)  ## run the steps of the README's GitHub workflow here; reports go to build/gradcheck/
	$(BIN)/gradcheck run --format github --report html=build/gradcheck/report.html \
		--report junit=build/gradcheck/junit.xml --report markdown=build/gradcheck/report.md
	$(BIN)/gradcheck baseline check

report: $(STAMP)  ## write the report about the article's layers and the README's table again
	$(BIN)/python -m reports.article
	$(BIN)/python -m reports.readme

power: $(STAMP)  ## find every planted fault under SEEDS seeds (100), name it under NAMED (7); write it down (hours)
	nice $(BIN)/python -m reports.recall --seeds $(SEEDS) --workers $(POWER_WORKERS)
	nice $(BIN)/python -m reports.power --seeds $(NAMED) --workers $(POWER_WORKERS)

calibration: $(STAMP)  ## hold 60 000 error bars against known derivatives; write what was found (5 minutes)
	$(BIN)/python -m reports.calibration

soundness: $(STAMP)  ## check 2000 correct layers (or CHECKS=100000) and up to five times as many error bars
	$(BIN)/python -m reports.soundness --checks $(CHECKS)

peers: .venv-peers/.installed  ## compare with PyTorch, JAX and scipy, installed into .venv-peers; write what was found (20 minutes)
	.venv-peers/bin/python -m reports.peers

wild: .venv-wild/.installed  ## check layers of packages from PyPI, installed into .venv-wild; write what was found
	.venv-wild/bin/python -m reports.wild

scale: $(STAMP)  ## measure what a check costs, to 1e8 parameters and 32 layers; write it down (15 minutes, 12 GB)
	$(BIN)/python -m reports.depth
	$(BIN)/python -m reports.scale

mutation: $(STAMP)  ## corrupt the engine in 300 places, one at a time; do its tests notice? (a quarter of an hour)
	@$(BIN)/python -c "import cosmic_ray" 2>/dev/null || $(BIN)/python $(PIP) install -c constraints.txt 'cosmic-ray'
	nice -n 19 $(BIN)/python -m reports.mutation

constraints: $(UV)  ## resolve the dependencies again, into constraints.txt
	@{ echo '# Made by `make constraints`; do not edit.'; $(COMPILE); } > build/constraints.txt
	@mv build/constraints.txt constraints.txt

clean:  ## remove .venv and everything else that can be made again
	rm -rf .venv .venv-peers .venv-frameworks .venv-wild build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Into an environment that works, what has changed is installed; one that lacks its Python, or whose install was
# interrupted, is made anew. The stamp is written last.
define environment
@{ [ -e $(1)/.installed ] && [ ! -e $(1)/.installing ] && $(1)/bin/python -m pip --version >/dev/null 2>&1; } \
	|| $(PYTHON) -m venv --clear $(1)
@touch $(1)/.installing
endef

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "gradcheck needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
			"Name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into .venv (once) ..." >&2
	$(call environment,.venv)
	@$(BIN)/python $(PIP) install -c constraints.txt -e '.[dev,report]'
	@rm .venv/.installing
	@touch $@

# Apart from .venv, whose tests must do without them. A build of torch for the CPU alone is enough, and far smaller.
.venv-peers/.installed: pyproject.toml constraints.txt
	@echo "Installing torch and jax into .venv-peers (once) ..." >&2
	$(call environment,.venv-peers)
	@.venv-peers/bin/python $(PIP) install -c constraints.txt -e . torch==$(TORCH) jax
	@rm .venv-peers/.installing
	@touch $@

.venv-frameworks/.installed: pyproject.toml constraints.txt
	@echo "Installing torch and jax into .venv-frameworks (once) ..." >&2
	$(call environment,.venv-frameworks)
	@.venv-frameworks/bin/python $(PIP) install -c constraints.txt -e '.[test]' torch==$(TORCH) jax
	@rm .venv-frameworks/.installing
	@touch $@

# Without what they depend on: numpy is there already, and no more of them is used.
.venv-wild/.installed: pyproject.toml constraints.txt
	@echo "Installing the packages of reports/wild.md into .venv-wild (once) ..." >&2
	$(call environment,.venv-wild)
	@.venv-wild/bin/python $(PIP) install -c constraints.txt -e .
	@.venv-wild/bin/python $(PIP) install --no-deps $(WILD)
	@rm .venv-wild/.installing
	@touch $@

$(UV):
	@$(PYTHON) -m venv --clear build/uv
	@build/uv/bin/python $(PIP) install uv
