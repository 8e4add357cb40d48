# The doors for people who have just cloned this. Everything is set up by itself, in folders beside this file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
PIP := $(BIN)/pip --disable-pip-version-check -q
MODULES := .venv-modules
MODULES_PIP := $(MODULES)/bin/pip --disable-pip-version-check -q
# Real pictures, taken from published packages; only their data is used, so nothing they depend on is installed.
PICTURES := planktonclas==0.2.4
PHOTOS := foolbox==3.3.4 scikit-image==0.26.0

.PHONY: help demo serve up test test-core test-modules check format bench clean

help:  ## Show what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: $(DEMO)/module $(DEMO)/pictures  ## Train a classifier on real pictures and predict with it (4 minutes with all installs)
	$(BIN)/python modules/image-classification/demo.py --state $(DEMO)/state --pictures $(DEMO)/pictures

serve: $(DEMO)/module  ## The same in the browser
	PELAGOS_STATE_DIR=$(DEMO)/state $(BIN)/pelagos run image-classification

up: $(DEMO)/module $(VENV)/hub  ## Start the hub: catalogue, dashboard, deployments and runs
	PELAGOS_STATE_DIR=$(DEMO)/state $(BIN)/pelagos up

test: test-core test-modules  ## Run all tests

test-core: $(VENV)/dev
	$(BIN)/pytest -n 3 --dist loadgroup tests

test-modules: $(MODULES)/ready
	cd modules/image-classification && ../../$(MODULES)/bin/pytest tests

check: $(VENV)/dev $(MODULES)/ready  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MODULES)/bin/mypy --config-file modules/image-classification/pyproject.toml -p pelagos_image_classification
	$(BIN)/lint-imports

format: $(VENV)/dev  ## Put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove everything that make made
	rm -rf $(VENV) $(MODULES) $(DEMO) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Pelagos needs Python 3.11 or newer (make PYTHON=python3.12 ...)"; exit 1; }
	@# Debian keeps Python's venv in a package of its own; only root can add it.
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y python3-venv; } \
		|| { echo "Python's venv is missing here: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -e '.[serve]'
	@touch $@

$(VENV)/hub: $(VENV)/ready
	$(PIP) install -e '.[hub]'
	@touch $@

$(VENV)/dev: $(VENV)/ready
	$(PIP) install -e '.[dev]'
	@touch $@

$(DEMO)/module: $(VENV)/ready modules/image-classification/pyproject.toml
	@mkdir -p $(DEMO)
	PELAGOS_STATE_DIR=$(DEMO)/state $(BIN)/pelagos install ./modules/image-classification
	@touch $@

$(DEMO)/pictures: $(VENV)/ready
	$(PIP) install --no-deps --target $@ $(PICTURES)

$(MODULES)/ready: pyproject.toml modules/image-classification/pyproject.toml
	$(PYTHON) -m venv $(MODULES)
	# The CPU build by its exact version: a range would bring the one for accelerators, several gigabytes of it.
	$(MODULES_PIP) install torch==2.13.0
	$(MODULES_PIP) install --no-deps -e .
	$(MODULES_PIP) install -e './modules/image-classification[train,dicom]' pytest mypy
	# Last, because pip would complain about what they lack at every install after it.
	$(MODULES_PIP) install --no-deps $(PICTURES) $(PHOTOS)
	@touch $@
