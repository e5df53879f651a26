#!/usr/bin/env bash
# Empties the vector database of the local cluster and indexes the codebase again.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need kubectl
k() { kubectl --context "$CONTEXT" -n code-rag "$@"; }

# The claim is deleted once no pod uses it; the StatefulSet creates both again.
k delete pvc data-vector-db-0 --wait=false
k delete pod vector-db-0
k rollout status statefulset/vector-db --timeout=120s
scripts/kind/coderag.sh index
