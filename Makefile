# One way to run each thing. Every target makes the environment that it needs, in .venv, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help env demo test lab lint bench examples screenshots clean

help:
	@echo "make demo   track an example notebook twice, compare the two runs, and make one of them again"
	@echo "make lab    open JupyterLab on the example notebooks"
	@echo "make test   run all tests and check the example notebooks' outputs"
	@echo "make lint   check style, types and layers"
	@echo "make bench  measure what tracking costs"
	@echo "make screenshots"
	@echo "            take pictures of the panel, light and dark, into .screenshots"
	@echo "make examples"
	@echo "            execute the example notebooks again and save their outputs"
	@echo "make env    only make the environment of a developer"
	@echo "make clean  remove the environment and what demo, tests and tools left"

$(BIN)/uv:
	@echo "Making an environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" uv

# One stamp for each dependency group of pyproject.toml. Uv is quick; pip knows the mirrors and certificates that a machine
# may be set up with. Compiled, because each of many kernels would compile it all again where Python must not write bytecode.
$(VENV)/installed-%: pyproject.toml | $(BIN)/uv
	@echo "Installing Trackbook and the packages for $* ..."
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --editable . --group $* || \
		$(BIN)/python -m pip install --quiet --editable . --group $*
	@$(BIN)/python -m compileall -q kernel_magics
	@touch $@

# What checks the panel's TypeScript. Building Trackbook above has made it already, unless the panel was built before.
MODULES := extension/node_modules/.package-lock.json
$(MODULES): extension/package-lock.json | $(VENV)/installed-dev
	@echo "Installing the packages for the panel ..."
	@cd extension && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

env: $(VENV)/installed-dev

demo: $(VENV)/installed-examples
	@$(BIN)/python example_notebooks/demo.py

lab: $(VENV)/installed-lab
	$(BIN)/jupyter lab --notebook-dir=example_notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

# nbval needs the cells of a notebook in order and in one kernel, so it has a run of its own, and each worker whole files.
# In the next run the tests of a file stay together too, with what they share, until a worker has nothing left to do.
# The server's tests and the browser's each want an event loop of their own kind.
test: $(VENV)/installed-dev $(MODULES)
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-current-env --nbval-sanitize-with tests/notebooks/sanitize.cfg example_notebooks
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/server --ignore=tests/browser tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -p pytest_jupyter.jupyter_server tests/server
	$(BIN)/python -m pytest tests/browser
	cd extension && npm test --silent

lint: $(VENV)/installed-dev $(MODULES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd extension && npm run lint --silent

bench: $(VENV)/installed-dev
	$(BIN)/python tests/benchmarks/run.py

screenshots: $(VENV)/installed-dev
	$(BIN)/python tests/browser/take_screenshots.py

examples: $(VENV)/installed-dev
	$(BIN)/python tests/notebooks/save_examples.py

clean:
	rm -rf $(VENV) .demo .screenshots extension/node_modules extension/lib .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
