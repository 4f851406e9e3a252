# Everything here sets up what it needs. On a fresh machine: `make demo`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-old-fastai lint format docs bench clean

help:  ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# uv installs in half a minute what takes pip several; where it cannot be had, pip does it. Compiled once, the packages
# are imported in a third of the time by each of the many processes that tests start
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "spoton needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version); try make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo "installing spoton into $(VENV) (torch and fastai are large: about 6 GB on Linux, once)"
	@if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install --quiet --python $(BIN)/python -e .; \
		else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .; fi
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "installing spoton and its tools into $(VENV) (torch and fastai are large: about 6 GB on Linux, once)"
	@if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e '.[dev]'; \
		else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; fi
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo  ## install, and run the demo bench on real digits
	@$(BIN)/spoton bench --store $(VENV)/demo.db

# the store is tested on real servers and the report in a real browser, where they can be had; elsewhere those tests
# skip and say so
$(VENV)/.servers: | $(BIN)/python
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		command -v mariadbd >/dev/null && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 \
		|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			mariadb-server postgresql; } >/dev/null 2>&1 || echo "no database servers: their tests will skip"; \
		command -v chromium >/dev/null || command -v google-chrome >/dev/null \
		|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium; } >/dev/null 2>&1 || echo "no browser: the tests of the report's page will skip"; fi
	@touch $@

test: $(VENV)/.dev $(VENV)/.servers  ## install, and run the tests (under 4 minutes on 2 cores)
	@$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(VENV)/.dev $(VENV)/.servers  ## the slow tests too
	@$(BIN)/python -m pytest -n 2 -m slow

# an older fastai 2.8, with the packages that it was made for, stands before the newest on the path
OLD := fastai==2.8.3 fastcore==1.8.18 fasttransform==0.0.2 fastprogress==1.0.5 plum-dispatch==2.5.8 \
	'pandas<3' pytz tzdata
OLD_PATH := $(CURDIR)/$(VENV)/old-fastai
$(VENV)/.old-fastai: Makefile | $(VENV)/.dev
	@rm -rf $(OLD_PATH)
	@if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --target $(OLD_PATH) $(OLD); \
		else $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(OLD_PATH) $(OLD); fi
	@touch $@

test-old-fastai: $(VENV)/.dev $(VENV)/.old-fastai  ## the tests of spoton.fastai, against fastai 2.8.3
	@PYTHONPATH=$(OLD_PATH) SPOTON_FASTAI=2.8.3 $(BIN)/python -m pytest -n 2 -m "not slow" tests/fastai

lint: $(VENV)/.dev  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/.dev  ## build the documentation as a site, into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet && echo "open site/index.html, or: $(BIN)/mkdocs serve"

# the scripts that take minutes; the others say in their first lines how long they take, and are run by themselves
bench: $(VENV)/.dev  ## rerun the figures of 2020 and what else is quick, and make docs/benchmarks.md
	@$(BIN)/python benchmarks/recorded.py
	@$(BIN)/python benchmarks/relaxations.py
	@$(BIN)/python benchmarks/harden.py
	@$(BIN)/python benchmarks/serve.py
	@$(BIN)/python benchmarks/page.py

clean:  ## remove the environment and all caches
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
