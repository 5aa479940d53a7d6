# All verbs of working with ccplant. `make help` lists them; options go in ARGS: make up ARGS="--port 9000 --json"
.DEFAULT_GOAL := help
SHELL := /bin/sh
ARGS ?=
# Test processes at once: more than this machine may have cores, since tests wait for servers more than they compute.
WORKERS ?= 4
# Further options of docker compose build.
BUILD ?=
VERSION := 0.1.0
BIN := .venv/bin
# Output on the terminal as it comes, also through a pipe.
export PYTHONUNBUFFERED := 1
PYTEST := $(BIN)/python -m pytest
# Long suites run whole under a verb of their own; `make test` has the smoke of each.
SHORT := (not chaos and not agent and not browser and not kubernetes and not node and not compose) or smoke

.PHONY: help
help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Running ---

.PHONY: install
install: ## Install what the product needs into .venv (PYTHON=... to choose one)
	@PYTHON="$(PYTHON)" sh scripts/install.sh runtime

.PHONY: install-dev
install-dev: ## Install what tests and checks need as well
	@PYTHON="$(PYTHON)" sh scripts/install.sh dev

.PHONY: web
web: install ## Build the web UI, which the gateway then serves (with Node.js of the machine, else from a wheel)
	@sh scripts/web.sh

.PHONY: up
up: install ## Start the whole system on this machine (ARGS="--port 9000 --json")
	@sh scripts/web.sh || echo "==> The web UI could not be built (see above): all but it starts now. To try again: make web" >&2
	@exec $(BIN)/ccplant up $(ARGS)

# --- Testing ---

.PHONY: test
test: install-dev ## Unit and integration tests and the smoke of every suite
	@sh scripts/web.sh || echo "==> The web UI could not be built (see above): its smoke is skipped" >&2
	@$(PYTEST) -n $(WORKERS) --dist loadgroup -m "$(SHORT)" $(ARGS)

.PHONY: test-unit
test-unit: install-dev ## Unit tests alone
	@$(PYTEST) tests/unit -n $(WORKERS) --dist loadgroup $(ARGS)

.PHONY: test-integration
test-integration: install-dev ## Tests against a real NATS and a real MongoDB
	@$(PYTEST) tests/integration -n $(WORKERS) --dist loadgroup -m "$(SHORT)" $(ARGS)

.PHONY: test-chaos
test-chaos: install-dev ## Kills, cuts and races against real processes, the whole suite
	@$(PYTEST) -m chaos $(ARGS)

.PHONY: test-agent
test-agent: install-dev ## The real Claude Code against a stub of the model's API
	@$(PYTEST) -m agent $(ARGS)

.PHONY: test-browser
test-browser: install-dev web ## The web UI in a real Chromium (pictures of each screen: ARGS="-k pictures --screens docs/screens")
	@$(PYTEST) tests/browser -m browser $(ARGS)

.PHONY: test-kubernetes
test-kubernetes: install-dev ## Against a real control plane with fake nodes (builds it once, with Go: minutes)
	@$(BIN)/python -m tests.kubernetes.cluster.build
	@$(PYTEST) -m kubernetes $(ARGS)

.PHONY: test-node
test-node: install-dev ## Against a real node that runs Pods (needs root and containerd; builds the rest once)
	@$(BIN)/python -m tests.kubernetes.cluster.build
	@$(PYTEST) -m node $(ARGS)

.PHONY: test-compose
test-compose: install-dev ## Docker Compose for real: builds the images, starts them, kills each (needs a Docker engine)
	@! docker info >/dev/null 2>&1 || { docker compose build $(BUILD) && docker compose pull --quiet --policy missing nats mongo; }
	@$(PYTEST) -m compose $(ARGS)

.PHONY: images
images: ## Build the images of the services and of sessions (needs a Docker engine)
	@docker compose build $(BUILD)
	@docker build $(BUILD) --file deploy/docker/Dockerfile --target orchestrator --tag ccplant/orchestrator:$(VERSION) .
	@docker build $(BUILD) --file deploy/docker/runner.Dockerfile --target runner --tag ccplant/runner:$(VERSION) .

.PHONY: kubernetes-secrets
kubernetes-secrets: install ## Make the secrets that deploy/kubernetes installs with (they stay in deploy/kubernetes/secrets)
	@$(BIN)/python deploy/docker/prepare.py keys --directory deploy/kubernetes/secrets \
		--nats-store /data/jetstream --mongodb mongodb-0.mongodb.ccplant.svc:27017 $(ARGS)
	@echo "==> deploy/kubernetes/secrets: keep it, and keep it secret"

.PHONY: bench
bench: install-dev ## Measure, each figure beside its yardstick
	@$(BIN)/python -m benchmarks $(ARGS)

# --- Checking ---

.PHONY: format
format: install-dev ## Format the code and mend what can be mended by rule
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

.PHONY: format-check
format-check: install-dev ## Check the format
	@$(BIN)/ruff format --check .

.PHONY: lint
lint: install-dev ## Check the code against the rules
	@$(BIN)/ruff check .

.PHONY: types
types: install-dev ## Check the types
	@$(BIN)/mypy

.PHONY: imports
imports: install-dev ## Check that each layer imports only what it may
	@$(BIN)/lint-imports --no-logo

.PHONY: web-check
web-check: web ## Check the web UI: types, rules, tests, its size, and that its client is in step with the API
	@sh scripts/web_check.sh

.PHONY: lock
lock: install-dev ## Lock the dependencies again (ARGS=--upgrade for newer versions)
	@$(BIN)/python scripts/lock.py write $(ARGS)

.PHONY: lock-check
lock-check: install-dev ## Check that the locks are in step with the pyproject files
	@$(BIN)/python scripts/lock.py check

.PHONY: docs
docs: install-dev ## Write the pages that are made from the code (configuration, OpenAPI, ...)
	@$(BIN)/python scripts/docs.py write

.PHONY: docs-check
docs-check: install-dev ## Check that those pages are up to date and all links lead somewhere
	@$(BIN)/python scripts/docs.py check

.PHONY: check
check: format-check lint types imports lock-check docs-check ## All checks that run nothing

.PHONY: clean
clean: ## Remove .venv and what tools left behind
	@rm -rf .venv .install.lock .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
