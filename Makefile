# sciatica-cds. Two commands: `make demo` and `make test`. `make help` lists the others.
# Needs Python 3.11 to 3.14, a C compiler and make; everything else goes into .venv.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && exit; \
    done; echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
# setup.py of the engine throws CFLAGS away, so its flags come through CC: optimisation, and the name that Python 3.13
# gave to a function the engine calls (docs/reference/durable-rules.md).
ENGINE_FLAGS := -O2 -DPyEval_CallObject=PyObject_CallObject
export CC := gcc $(ENGINE_FLAGS)
ifeq ($(shell command -v gcc 2>/dev/null),)
export CC := cc $(ENGINE_FLAGS)
endif
WORKERS ?= 2
# Every so many-th planted fault is tried by `make rules`; MUTANTS=1 tries them all, a quarter of an hour.
MUTANTS ?= 40
# A uv on the path, or the one that the lock pins, put into .venv.
UV = $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
INSTALL = VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode --require-hashes --build-constraints requirements.lock
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml --quiet --universal \
    --python-version 3.11 --generate-hashes --group build

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo serve quick test lint types rules rule-files rule-mutants rule-proofs unit conformance second-validator third-judge browser editor lock fuzz thorough bench population-laws compare-laws corpus alert-burden pages golden sbom collection image clean

help: ## List what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 20

$(VENV)/bin/python:
	@$(PYTHON) tools/prerequisites.py
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	@command -v $(UV) >/dev/null 2>&1 || { \
	    echo "Installing uv into $(VENV)"; \
	    awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements-dev.lock > $(VENV)/uv.lock && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock; }
	@echo "Installing the locked packages (the rule engine is compiled)"
	@$(INSTALL) -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --build-constraints requirements.lock --editable .
	@$(BIN)/python tools/engine_check.py
	@$(BIN)/python -m compileall -q service
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Installing the locked development packages"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.dev ## Prepare .venv; then .venv/bin/sciatica-cds is the command line

demo: $(VENV)/.run ## Start the service, send it the example stories, print their cards (ONCE=1: print and end)
	@exec $(BIN)/sciatica-cds demo $(if $(ONCE),--once)

serve: $(VENV)/.run ## Start the service (PORT=8081: on that port)
	@exec $(BIN)/sciatica-cds serve $(if $(PORT),--port $(PORT))

quick: lint types ## Under a minute: style, types, rule files, rooms, and the rooms in the middle (before each commit)
	$(BIN)/sciatica-cds lint
	$(BIN)/sciatica-cds test
	$(BIN)/pytest -q tests/test_layers.py tests/unit/test_decision.py tests/unit/engine tests/unit/knowledge tests/unit/cards

# Two cores: what checks the code and the rule files runs side by side, its output one target at a time; then the tests.
SIDE_BY_SIDE = $(MAKE) --no-print-directory -j$(WORKERS) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

test: setup ## Everything that must pass before a change goes in
	@$(SIDE_BY_SIDE) lint types rule-files rule-mutants rule-proofs
	@$(MAKE) --no-print-directory unit

lint: setup ## Style, mistakes and format of the Python code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## Types
	$(BIN)/mypy

rules: setup ## The rule files: well formed, examples and stories hold, all of it seen, faults noticed, invariants proved
	@$(SIDE_BY_SIDE) rule-files rule-mutants rule-proofs

rule-files: setup
	$(BIN)/sciatica-cds lint
	$(BIN)/sciatica-cds format --check
	$(BIN)/sciatica-cds test
	$(BIN)/sciatica-cds coverage

rule-mutants: setup
	$(BIN)/sciatica-cds mutate --sample $(MUTANTS)

rule-proofs: setup
	$(BIN)/sciatica-cds prove

# A validator that is not ours, as a Node package; without Node and npm its tests are skipped and say so.
SECOND := tests/second_validator
$(SECOND)/node_modules/.installed: $(SECOND)/package-lock.json
	@if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then \
	    echo "Installing the second validator" && \
	    npm ci --prefix $(SECOND) --ignore-scripts --no-audit --no-fund --silent && touch $@ || \
	    echo "The second validator could not be installed; its tests are skipped"; \
	else echo "No Node and npm: the tests with the second validator are skipped"; fi

second-validator: $(SECOND)/node_modules/.installed ## Install the second validator of FHIR resources, where Node is there

# Translator and engine of CQL that are not ours, as Node packages; without Node and npm the tests are skipped.
THIRD := tests/third_judge
$(THIRD)/node_modules/.installed: $(THIRD)/package-lock.json
	@if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then \
	    echo "Installing the third judge" && \
	    npm ci --prefix $(THIRD) --ignore-scripts --no-audit --no-fund --silent && touch $@ || \
	    echo "The third judge could not be installed; its tests are skipped"; \
	else echo "No Node and npm: the tests with the third judge are skipped"; fi

third-judge: setup $(THIRD)/node_modules/.installed ## Judge the rules by an engine of other people: stories, examples, states at the limits
	THIRD_JUDGE=all $(BIN)/pytest -s --timeout 900 $(THIRD)

# A browser of this machine, or the one that a package brings, driven by Node; without either the tests are skipped.
BROWSER := tests/browser
SYSTEM_BROWSER := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
$(BROWSER)/node_modules/.installed: $(BROWSER)/package-lock.json
	@if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then \
	    echo "Installing the browser tests" && \
	    npm ci --prefix $(BROWSER) --ignore-scripts --no-audit --no-fund --silent \
	        $(if $(SYSTEM_BROWSER),--omit=optional) && touch $@ || \
	    echo "The browser tests could not be installed; they are skipped"; \
	else echo "No Node and npm: the tests in a browser are skipped"; fi

browser: setup $(BROWSER)/node_modules/.installed ## The pages in a browser (SHOTS=DIR: leave a picture of each)
	$(if $(SHOTS),SCIATICA_CDS_SHOTS=$(abspath $(SHOTS))) $(BIN)/pytest -n0 $(BROWSER)

# Needs Node: builds the editor of the playground anew from tools/editor; its digest stands in static/vendor/README.md.
editor: ## Build the editor of the playground into service/web/static/vendor/editor.js
	npm ci --prefix tools/editor --ignore-scripts --no-audit --no-fund --silent
	node tools/editor/node_modules/esbuild/install.js
	cd tools/editor && node_modules/.bin/esbuild editor.js --bundle --minify --format=iife --target=es2022 \
	    --legal-comments=none --outfile=../../service/web/static/vendor/editor.js

unit: setup second-validator $(THIRD)/node_modules/.installed $(BROWSER)/node_modules/.installed ## The tests; they write docs/conformance.md anew
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --conformance=docs/conformance.md

conformance: setup second-validator ## Which requirements of CDS Hooks are met, shown by which tests: docs/conformance.md
	$(BIN)/pytest -n $(WORKERS) -m requirement --conformance=docs/conformance.md

lock: setup ## Compile both lock files anew from pyproject.toml (UPGRADE=1: to the newest versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra population --extra otel --group dev --constraint requirements.lock --output-file requirements-dev.lock

thorough: setup second-validator $(THIRD)/node_modules/.installed $(BROWSER)/node_modules/.installed ## The tests with every example and every published document (long)
	THOROUGH=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal --timeout 1200

CALLS ?= 1000000
SEED ?= 1
fuzz: setup ## Make CALLS seeded calls with spoilt data; nothing may crash, no card disappear without a word (hours)
	$(BIN)/python -m tests.properties.fuzz --sweep
	$(BIN)/python -m tests.properties.fuzz --calls $(CALLS) --seed $(SEED)

bench: setup ## Measure against the aims, beside two handlers without rules: CPU per call, growth, start-up, memory (minutes)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.large_bodies
	$(BIN)/python -m benchmarks.pages
	$(BIN)/pytest benchmarks --benchmark-enable --benchmark-only --quiet --benchmark-columns=median,iqr,rounds \
	    --benchmark-sort=fullname --benchmark-group-by=func --benchmark-warmup=on

population-laws: setup ## The slow laws of a population run: killed at twenty points; Spark, where pyspark and Java are
	POPULATION_LAWS=1 $(BIN)/pytest -q -n0 tests/unit/population/test_ended_runs.py tests/unit/population/test_spark.py

compare-laws: setup ## Every planted fault as a second rule set, against 100,000 random patients and the other way round (two hours)
	COMPARE_LAWS=all $(BIN)/pytest -q -n $(WORKERS) tests/unit/review/comparison/test_laws.py

corpus: setup ## Send all published test data through the service and count the answers
	$(BIN)/python -m benchmarks.corpus

TEST_DATA = $(or $(SCIATICA_CDS_TEST_DATA),../shared/data)
BURDEN = build/alert-burden
BURDEN_SETS = patients-r4-backpain patients-r4-mixed patients-r4-synthea2019 patients-stu3-smart

alert-burden: setup ## Replay all published patients visit by visit and write docs/alert-burden.md (some minutes)
	@rm -rf $(BURDEN)
	@for set in $(BURDEN_SETS); do \
		$(BIN)/sciatica-cds population $(TEST_DATA)/fhir/$$set.ndjson.gz --out $(BURDEN)/$$set \
			--now 2026-11-24T09:00:00Z --visits --no-gate --hide-below 0 || exit 1; done
	@$(BIN)/python -m benchmarks.alert_burden --write $(addprefix $(BURDEN)/,$(BURDEN_SETS))

pages: setup ## Write the pages anew that are made from the rules and the settings
	$(BIN)/sciatica-cds topics --write docs/coverage.md
	$(BIN)/python tools/settings_page.py

golden: setup ## Write the golden answers of the stories anew and show what changed
	$(BIN)/sciatica-cds test --update

sbom: setup ## Write build/sbom.json (CycloneDX): packages with licences, and the sources of the rules
	$(BIN)/python tools/sbom.py build/sbom.json

collection: setup ## Write build/postman.json: every operation with its example, for Postman, Bruno and Insomnia
	$(BIN)/python tools/postman.py build/postman.json

image: ## Build the container image with docker, podman or buildah, whichever is there
	@tools/image.sh

clean: ## Remove what make has made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist *.egg-info
