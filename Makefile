# Everything a newcomer, a developer and CI run; `make` lists it. Needs Python 3.11 or later, and Java and Maven
# for the tests on a real Kafka.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KAFKA_JARS := .cache/kafka
CLIENTS := .cache/clients
CLIENT_PINS := tests/clients/package.json tests/clients/package-lock.json tests/clients/requirements.txt
ARGS ?=
# The tests wait for brokers and sessions much of their time: on two cores three processes took 19:44, two took 22:43.
# Each has brokers of its own. Slow files come first (tests/order.py). For one test, or a debugger: PROCESSES=0.
PROCESSES ?= 3

# A broker is fetched only where it could run; elsewhere tests that need it are skipped, and pytest says so in one line.
HAVE_JAVA := $(shell command -v java >/dev/null 2>&1 && command -v mvn >/dev/null 2>&1 && echo yes)

# Likewise for the generators of clients: they run under Node.js, that of Python clients beside them.
HAVE_NODE := $(shell command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && echo yes)

.DEFAULT_GOAL := help
.PHONY: help demo test lint audit bench chaos docs compiled wheel pythons kafka clients wheels venv clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## run the whole system on a simulated day, all embedded: no Docker, no Java
	@$(BIN)/tallygate demo $(ARGS)

# Tests start our own commands hundreds of times: none is to compile every module again, whatever the shell says.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.installed kafka clients wheels ## run all tests; ARGS="-k name" to choose
	@$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.installed ## ruff, mypy, import-linter, codespell
	@status=0; \
	for check in "ruff check ." "ruff format --check ." mypy "lint-imports --no-logo" codespell; do \
	  echo "== $$check"; $(BIN)/$$check || status=1; \
	done; \
	exit $$status

audit: $(VENV)/.installed ## ask a public database about vulnerabilities of the pinned packages
	@$(BIN)/python -m tests.audit

bench: $(VENV)/.installed kafka ## measure throughput, latency and restore; prints medians of three
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.installed kafka ## the long fault run: kills, freezes, stale offsets, a million events
	@$(BIN)/python -m tests.chaos $(ARGS)

docs: $(VENV)/.installed ## write the generated pages, schemas and vectors anew
	@$(BIN)/python -m tests.docs.generate $(ARGS)

compiled: $(VENV)/.installed ## install a build with compiled modules into .cache/compiled/venv; needs a C compiler
	@rm -rf .cache/compiled
	@HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 $(BIN)/python -m build --wheel --no-isolation --outdir .cache/compiled .
	@$(BIN)/python -m venv .cache/compiled/venv
	@.cache/compiled/venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  .cache/compiled/*.whl
	@echo "run .cache/compiled/venv/bin/tallygate; build it again after a change of the source"

wheel: $(VENV)/.installed ## build the wheel of the client, for programs of yours, into dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist deploy/client

pythons: $(VENV)/.installed ## ask the package index whether client and application install on later versions of Python
	@$(BIN)/python -m tests.wheels.later $(ARGS)

kafka: ## fetch Apache Kafka's jars for the tests, where Java and Maven are there
ifeq ($(HAVE_JAVA),yes)
	@test -e $(KAFKA_JARS)/.fetched || { \
	  echo "fetching Apache Kafka into $(KAFKA_JARS)" && mkdir -p $(KAFKA_JARS) && \
	  mvn --batch-mode --quiet --file deploy/kafka/pom.xml --log-file $(CURDIR)/$(KAFKA_JARS)/fetch.log \
	    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(KAFKA_JARS) \
	    </dev/null >/dev/null && \
	  touch $(KAFKA_JARS)/.fetched || { cat $(KAFKA_JARS)/fetch.log; rm -rf $(KAFKA_JARS); \
	    echo "no Apache Kafka: it could not be fetched; the tests that need it will be skipped"; }; }
else
	@echo "no Apache Kafka: java or mvn not found; the tests that need a real broker will be skipped"
endif

clients: ## fetch the generators of clients for the tests, where Node.js is there
ifeq ($(HAVE_NODE),yes)
	@cat $(CLIENT_PINS) | cmp --silent - $(CLIENTS)/.fetched || { \
	  echo "fetching generators of clients into $(CLIENTS)" && rm -rf $(CLIENTS) && mkdir -p $(CLIENTS) && \
	  cp $(CLIENT_PINS) $(CLIENTS) && { \
	    (cd $(CLIENTS) && npm ci --ignore-scripts --no-audit --no-fund) && $(PYTHON) -m venv $(CLIENTS)/python && \
	    $(CLIENTS)/python/bin/python -m pip install --quiet --disable-pip-version-check \
	      --requirement $(CLIENTS)/requirements.txt; } </dev/null >$(CLIENTS)/fetch.log 2>&1 && \
	  cat $(CLIENT_PINS) >$(CLIENTS)/.fetched || { cat $(CLIENTS)/fetch.log; rm -rf $(CLIENTS); \
	    echo "no generators of clients: they could not be fetched; the tests that need them will be skipped"; }; }
else
	@echo "no generators of clients: node or npm not found; the tests that need them will be skipped"
endif

wheels: $(VENV)/.installed ## fetch what the client needs, for the tests of its wheel in environments of their own
	@$(BIN)/python -m tests.wheels.fetch

venv: $(VENV)/.installed ## make .venv and install everything into it

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

clean: ## remove .venv and every cache
	@rm -rf $(VENV) .cache build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
