# Headrace: the verbs of this repository. Each one makes what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
export PYTHONPATH := tests:.
CLUSTER := $(PY) -m tools.cluster

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' | column -t -s '|'

# --- environment ---------------------------------------------------------------------------------

# A virtual environment works in one place only: where somebody has moved it, it is made anew.
MOVED := $(foreach made,.venv/.dev .venv-run/.run,$(if $(filter-out $(CURDIR),$(shell cat $(made) 2>/dev/null)),$(made)))
.PHONY: $(MOVED)

.venv/.dev: locks/dev.txt examples/flights/requirements.txt pyproject.toml scripts/venv.sh
	@scripts/venv.sh .venv locks/dev.txt -- examples/flights/requirements.txt
	@echo '$(CURDIR)' >$@

.venv-run/.run: locks/local.txt examples/flights/requirements.txt scripts/venv.sh
	@scripts/venv.sh .venv-run locks/local.txt -- examples/flights/requirements.txt
	@echo '$(CURDIR)' >$@

.PHONY: setup
setup: .venv/.dev ## Make the virtual environment for development, from the lock file

# --- use -----------------------------------------------------------------------------------------

.PHONY: run
run: .venv-run/.run ## Run the example pipeline (the flights of New York 2013) on this machine
	@.venv-run/bin/headrace run examples/flights/workflow.yaml --runner process
	@echo "the report it wrote: examples/flights/data/latest/report/index.html"
	@echo "look at the run in the browser: .venv-run/bin/headrace ui --local --open $$(ls -t .headrace/runs | grep '^flights-' | head -n 1)"

.PHONY: ui
ui: ## Build the page of `headrace ui` into the package; needs Node.js
	@scripts/page.sh

.PHONY: pictures
pictures: .venv/.dev ## Make the pictures of the page for the documentation; needs Node.js and Chromium
	@HEADRACE_PICTURES=1 $(PY) -m pytest --quiet tests/page/test_demo.py

.PHONY: cluster
cluster: .venv/.dev ## Make a Kubernetes, install Headrace on it and run the example there
	@$(PY) -m tools.cluster.demo up

.PHONY: cluster-down
cluster-down: .venv/.dev ## Remove that Kubernetes
	@$(PY) -m tools.cluster.demo down

# --- checks --------------------------------------------------------------------------------------

WORKERS ?= 2
# The linters use one core, and the build of a cluster waits for downloads: they run side by side.
# `make` by its name: GNU make runs a line with its own variable also for --dry-run.
.PHONY: test
test: .venv/.dev ## Run all checks and tests, those on a real cluster where one can be made
	@$(CLUSTER) --name test up --audit & made=$$!; \
	make --no-print-directory lint; linted=$$?; \
	wait $$made || true; \
	[ $$linted = 0 ] && $(PY) -m pytest --numprocesses $(WORKERS) --dist worksteal --timeout 900; code=$$?; \
	[ -n "$$HEADRACE_KEEP_CLUSTER" ] || $(CLUSTER) --name test down || true; exit $$code

SWEEP ?= 400
.PHONY: sweep
sweep: .venv/.dev ## Try many plans of late news, lost pods and people who meddle (SWEEP=400), from new seeds; for every night
	@HEADRACE_PLANS=$(SWEEP) HEADRACE_FIRST_PLAN=$${HEADRACE_FIRST_PLAN:-$$(date +%s)} \
	$(PY) -m pytest tests/property/test_news.py tests/property/test_pools.py --numprocesses 2
	@HEADRACE_ALL_CRASH_POINTS=1 $(PY) -m pytest tests/scenarios/test_everything.py --numprocesses 2
	@HEADRACE_SERVED_HOURS=24 $(PY) -m pytest tests/scenarios/test_served_folder.py --timeout 7200

.PHONY: lint
lint: .venv/.dev ## Check form, types, layers, and that generated files are up to date
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy
	@.venv/bin/mypy bench tools
	@MYPYPATH=task-images/contract .venv/bin/mypy task-images/contract/task_contract
	@.venv/bin/lint-imports --no-cache >/tmp/headrace-imports.$$$$ || { cat /tmp/headrace-imports.$$$$; exit 1; }; rm -f /tmp/headrace-imports.$$$$
	@$(PY) scripts/generate.py --check

.PHONY: format
format: .venv/.dev ## Bring all Python into form
	@.venv/bin/ruff check --quiet --fix . || true
	@.venv/bin/ruff format --quiet .

.PHONY: generate
generate: .venv/.dev ## Write what is made from the API types: CRDs, charts, reference
	@$(PY) scripts/generate.py

.PHONY: lock
lock: .venv/.dev ## Choose the newest versions of all dependencies and pin them with hashes
	@scripts/lock.sh

.PHONY: bench
bench: .venv/.dev ## Measure against bare Jobs, side by side, and on this machine
	@$(PY) -m bench
