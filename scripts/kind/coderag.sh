#!/usr/bin/env bash
# Runs the command `coderag` in rag-server's pod, against the cluster: kind/coderag.sh ask "where are refunds checked?"
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need kubectl
# The pod knows the key, where there is one.
readonly RUN='from dotenv import load_dotenv; load_dotenv("/run/secrets/dotenv"); from code_rag.rag_server.cli import app; app()'
exec kubectl --context "$CONTEXT" -n code-rag exec --quiet deploy/rag-server -- python -c "$RUN" "$@"
