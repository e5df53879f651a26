#!/usr/bin/env bash
# Runs the command `coderag` in rag-server's pod, against the cluster: kind-coderag.sh ask "where are refunds checked?"
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
source scripts/kind.sh
need kubectl
exec kubectl --context "$CONTEXT" -n code-rag exec deploy/rag-server -- python -c 'from rag_server.cli import app; app()' "$@"
