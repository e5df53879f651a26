#!/usr/bin/env bash
# Empties the vector database of the local cluster and indexes the codebase anew.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need kubectl
k() { kubectl --context "$CONTEXT" -n code-rag "$@"; }

# The claim goes once no pod holds it; the StatefulSet makes both anew.
k delete pvc data-vector-db-0 --wait=false
k delete pod vector-db-0
k rollout status statefulset/vector-db --timeout=120s
scripts/kind/coderag.sh index
