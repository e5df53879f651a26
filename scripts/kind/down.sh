#!/usr/bin/env bash
# Deletes the local cluster `code-rag` with everything in it, the index too; does nothing where there is none.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need docker kind
kind delete cluster --name "$CLUSTER"
rm -rf .data/kind
