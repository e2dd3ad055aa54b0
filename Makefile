# Each target makes what it needs: `.venv` is made when it is missing or stale, with uv when it is there and with
# venv and pip when it is not. `make demo` installs what Lockgate needs to run; the others add the tools of its makers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A process for each core, a file's tests in one of them: each has a database server of its own.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile
RUN_STAMP := $(VENV)/.ready
DEV_STAMP := $(VENV)/.ready-dev
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo local test check bench lock clean
help:  ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUN_STAMP)  ## a refund desk on a real database, with a kill and a resume before your eyes
	@$(BIN)/lockgate demo $(ARGS)

local: $(DEV_STAMP)  ## the small model that runs here without a key
	@$(BIN)/lockgate models pull smollm2

test: $(DEV_STAMP)  ## all tests but the slow ones (ARGS='-m ""' runs every one)
	$(PYTEST) $(or $(ARGS),-m "not slow")

check: $(DEV_STAMP)  ## lint, types, import rules, tests: what every change must pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST) -m "not slow"

bench: $(DEV_STAMP)  ## the measured promises, as paired CPU-time ratios
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lock:  ## resolve the dependencies anew (needs uv)
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" -c .ci/constraints.txt -o requirements.lock $(ARGS)
	uv pip compile -q pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" -c requirements.lock -o requirements-dev.lock $(ARGS)

clean:  ## remove the environment and what the tools left
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(RUN_STAMP): requirements.lock pyproject.toml
	@./install.sh $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.lock requirements.lock pyproject.toml
	@./install.sh $(PYTHON) $(VENV) requirements-dev.lock
	@touch $(RUN_STAMP) $@
