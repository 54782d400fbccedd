# What people do with a checkout. Only Python 3.9 or newer, pip and make are needed; everything else goes into .venv.
# Another Python: make test PYTHON=python3.12      Another environment: make test VENV=.venv-3.12

PYTHON ?=
VENV ?= .venv
ARGS ?=
WORKERS ?= auto

BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.10 python3.9 python

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_PROGRESS_BAR := off

.PHONY: help demo test lint bench clean

help:
	@echo "make demo    publish, load and find real files in a library of its own (ARGS=\"FOLDER\")"
	@echo "make test    run all tests (ARGS=\"-k publish\", WORKERS=4)"
	@echo "make lint    check format, style, types and import rules"
	@echo "make bench   measure speed (ARGS=\"--quick\"; ARGS=\"--help\" tells more)"
	@echo "make clean   remove the environments and caches that these commands made"

demo: $(VENV)/.installed
	@$(BIN)/bifrost demo --fresh $(ARGS)

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@if [ -x $(BIN)/lint-imports ]; then echo "$(BIN)/lint-imports"; $(BIN)/lint-imports; \
	else echo "The import rules need Python 3.10 or newer: they were not checked."; fi

bench: $(VENV)/.installed
	@$(BIN)/python benchmarks/run.py $(ARGS)

clean:
	rm -rf .venv .venv-* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says that its packages are installed, so that a second call starts at once and needs no network.
$(VENV)/.installed: pyproject.toml | $(VENV)/.made
	@echo "Installing Bifrost into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test $(VENV)/.installed-dev: $(VENV)/.installed-%: pyproject.toml | $(VENV)/.made
	@echo "Installing Bifrost and what its $* checks need into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@ $(VENV)/.installed

# Editable installs need pip 21.3. Where Python comes without ensurepip (Debian's python3 without python3-venv),
# the system's own pip fills the environment.
$(VENV)/.made:
	@found=; \
	for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then \
	        found=$$candidate; break; \
	    fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Bifrost needs Python 3.9 or newer; none was found as: $(or $(PYTHON),$(CANDIDATES))." >&2; \
	    echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version) ..."; \
	rm -rf $(VENV); \
	if "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    "$$found" -m venv $(VENV); \
	else \
	    "$$found" -m venv --without-pip $(VENV) && \
	    "$$found" -m pip --python $(BIN)/python install --quiet pip || { \
	        rm -rf $(VENV); \
	        echo "This Python cannot make environments: it lacks venv, or both ensurepip and pip 22.3." >&2; \
	        echo "On Debian and Ubuntu: apt install python3-venv. Or name another: make PYTHON=/path/to/python3" >&2; \
	        exit 1; \
	    }; \
	fi && \
	$(BIN)/python -m pip install --quiet 'pip>=21.3' && touch $@
