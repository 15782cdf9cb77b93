# `make` shows what there is. Every target's commands also work by themselves.
SHELL := /bin/sh
BIN := .venv/bin
MEMBERS := shared/warren services/gateway/gateway services/analyzer/analyzer services/transcriber/transcriber services/digest/digest cli/warren_cli local/warren_local

# Every process compiles all that it imports, for seconds, where this forbids to keep the result.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run up down logs chaos test test-unit lint lint-style lint-types lint-imports lint-security format bench manifests python setup clean

##@ Use it
run: ## Start everything at http://127.0.0.1:8000 (WARREN_PORT=…, WARREN_FLOWER=1); Ctrl-C stops it
	@local/setup.sh rabbitmq python
	@exec $(BIN)/warren-local

up: ## Start the suite in containers at http://127.0.0.1:8000 (ARGS="--profile monitoring"); passwords are in .env
	@deploy/compose/env.sh
	docker compose $(ARGS) up --build --detach --wait

down: ## Stop the containers; data stays (docker compose down --volumes deletes it)
	docker compose --profile "*" down

logs: ## Show what the containers print (ARGS="gateway" for some)
	docker compose logs --follow --tail 100 $(ARGS)

##@ Work on it
test: ## Run all tests, with RabbitMQ, PostgreSQL and a browser (ARGS="-k name" for some)
	@local/setup.sh rabbitmq python testing
	$(BIN)/pytest -n 3 --no-loadscope-reorder $(ARGS)

test-unit: python ## Run the tests that need neither RabbitMQ nor PostgreSQL: seconds
	$(BIN)/pytest $(wildcard shared/tests/unit services/*/tests/unit cli/tests/unit local/tests/unit) $(ARGS)

lint: python lint-style lint-types lint-imports lint-security ## Check style, types, imports and security

lint-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types:
	$(BIN)/mypy .

lint-imports:
	$(BIN)/lint-imports

lint-security:
	$(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml $(MEMBERS)
	$(BIN)/python local/audit.py

chaos: python ## Kill the containers of `make up` one by one, back them up and restore elsewhere: no job is lost (starts them if needed)
	@deploy/compose/env.sh
	WARREN_REQUESTS_PER_MINUTE=100000 WARREN_CHAOS=1 $(BIN)/pytest tests/containers $(ARGS)

format: python ## Let ruff format the code and fix what it can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: ## Measure, each time against a reference in the same run (ARGS="submit" for one)
	@local/setup.sh rabbitmq python
	$(BIN)/python -m bench $(ARGS)

manifests: python ## Render every overlay of k8s/, and every combination of its components (needs kubectl)
	$(BIN)/python k8s/combinations.py

##@ Other
python:
	@local/setup.sh python

setup: ## Install what run and test need, and nothing twice
	@local/setup.sh rabbitmq python testing

clean: ## Delete the environment, caches and ALL DATA of `make run`
	@if [ -e .warren/run.lock ] && [ -x $(BIN)/warren-local ]; then $(BIN)/warren-local --check; fi
	rm -rf .venv .warren .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
