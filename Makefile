# `make help` lists the targets. A recipe is at most three lines or a script: CI and people run the same commands.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin

##@ Without Docker
run: ## Set everything up, index CODEBASE (default test-codebase), answer a question, stay up; RELOAD=1 serves saved source; LLM=local writes answers with a model on this machine
	@scripts/setup.sh run && exec $(BIN)/python -m code_rag.localstack
eval: ## Recall@5 and MRR of the running server on test-codebase/questions.jsonl
	@scripts/setup.sh dev && $(BIN)/python scripts/evaluate.py
bench: ## Measure, and write docs/performance.md again; ONLY=indexing runs one of the benchmarks
	@scripts/setup.sh dev && $(BIN)/python -m benchmarks.suite $(ONLY)
bench-%: ## One of the benchmarks, such as bench-retrieval; bench-answers LLM=local grades what a model on this machine writes
	@$(MAKE) bench ONLY=$*

##@ Tests
test: ## Unit, fault, contract, crash and schema tests against real local processes: no Docker, no network; COVERAGE=1 measures
	@scripts/setup.sh dev && $(BIN)/pytest tests/unit tests/faults tests/contract tests/process tests/schema $(if $(COVERAGE),--cov)
test-schema: ## Ten times as many generated requests to the three services, with all of schemathesis' checks, and 100,000 made-up paths at /files
	@scripts/setup.sh dev && $(BIN)/pytest tests/schema --times 10 && $(BIN)/pytest tests/unit/rag_server/test_fuzzed_paths.py --times 50 --timeout 900
check: ## Formatting, lint, types, architecture, manifests and documents
	@scripts/setup.sh dev && scripts/check.sh
test-reference: ## Both embedding engines against the golden vectors (PyTorch, in an environment of its own)
	@scripts/test-reference.sh
test-local-model: ## Real models, fetched once: one of half a gigabyte that writes answers, one of 0.1 GB that reads Korean
	@LLM=local LOCAL_MODEL=0.5b scripts/setup.sh dev && $(BIN)/pytest tests/local_model
	@scripts/test-languages.sh
chaos: ## Kill, stop, pause, disconnect, slow and fill each service under load: TARGET=process|compose|kind ROUNDS=100 SEED=n
	@scripts/setup.sh dev && $(BIN)/pytest tests/chaos -x --target $(or $(TARGET),process) --rounds $(or $(ROUNDS),100) $(if $(SEED),--seed $(SEED))

##@ Supply chain
sbom: ## A bill of materials (CycloneDX) for each wheel, and for each image that is built, in artifacts/sbom
	@scripts/setup.sh dev && scripts/sbom.sh
audit: ## Look the locked packages up in requirements/advisories.json; REFRESH=1 asks osv.dev first
	@scripts/setup.sh dev && $(BIN)/python -m scripts.supply.audit $(if $(REFRESH),--refresh)

##@ Docker Compose
up: ## Start the whole stack in containers and wait until it is healthy
	@docker compose up --detach --build --wait && scripts/health-check.sh
down: ## Stop and remove the containers; the index is kept
	@docker compose down
build: ## Build the three images
	@docker compose build
ps: ## The containers with their health
	@docker compose ps
logs: ## Follow every service's log
	@docker compose logs --follow --tail 100
logs-embedding: ## Follow embedding-server's log
	@docker compose logs --follow --tail 100 embedding-server
logs-llm: ## Follow llm-server's log
	@docker compose logs --follow --tail 100 llm-server
logs-rag: ## Follow rag-server's log
	@docker compose logs --follow --tail 100 rag-server
logs-vector: ## Follow vector-db's log
	@docker compose logs --follow --tail 100 vector-db
clean: ## Remove containers, images and volumes, including the index
	@docker compose down --volumes --rmi local --remove-orphans
test-integration: ## The tests that need containers; starts and removes a stack of their own
	@scripts/setup.sh dev && $(BIN)/pytest tests/integration
compose-test: ## The contract suite and the integration tests against a fresh stack in containers
	@scripts/setup.sh dev && $(BIN)/pytest tests/contract tests/integration --target compose

##@ Kubernetes on this machine: kind and Tilt
dev: ## Create the cluster, start everything, and serve each saved file in the running pods
	@scripts/kind/up.sh && source scripts/lib/kind.sh && exec tilt up
kind-up: ## Create the cluster, or start it where it is stopped
	@scripts/kind/up.sh
kind-load: ## Build the images as shipped, load them into the cluster, wait until all serve
	@scripts/kind/load.sh
kind-down: ## Remove the cluster, including the index
	@scripts/kind/down.sh
kind-test: ## A cluster, tilt ci with the contract suite, and the tests that need a cluster
	@scripts/kind/test.sh
doctor: ## Check versions, memory, disk, ports and the cluster's health, and say how to fix each fault
	@scripts/doctor.sh

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z%-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run eval bench test test-schema check test-reference test-local-model chaos sbom audit up down build ps logs logs-embedding logs-llm logs-rag logs-vector clean test-integration compose-test dev kind-up kind-load kind-down kind-test doctor help
