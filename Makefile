# The menu: `make help`. Recipes are one line or a script, so that CI and people run the same words.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin

##@ Without Docker
run: ## Set everything up, index CODEBASE (default test-codebase), answer a question, stay up until Ctrl-C
	@scripts/setup.sh run && exec $(BIN)/python scripts/run.py
ask: ## Ask the running server: make ask Q="where are refunds checked?"
	@$(BIN)/coderag ask "$(Q)"
eval: ## Recall@5 and MRR of the running server on test-codebase/questions.jsonl
	@scripts/setup.sh dev && $(BIN)/python scripts/evaluate.py

##@ Tests
test: ## Unit and contract tests against real local processes: no Docker, no network
	@scripts/setup.sh dev && $(BIN)/pytest tests/unit tests/contract tests/process
check: ## Formatting, lint, types, architecture, manifests and docs
	@scripts/setup.sh dev && scripts/check.sh
test-reference: ## Both embedding engines against the golden vectors (installs torch in an environment of its own)
	@scripts/test_reference.sh
bench: ## Measure and rewrite docs/performance.md
	@scripts/setup.sh dev && PYTHONPATH=scripts $(BIN)/python benchmarks/run.py $(ONLY)

##@ Upkeep
lock: ## Resolve requirements/*.txt anew (needs uv)
	@scripts/lock.sh
docs: ## Write docs/configuration.md anew from the settings classes
	@scripts/setup.sh dev && $(BIN)/python scripts/write_docs.py
help: ## This menu
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run ask eval test check test-reference bench lock docs help
