#!/usr/bin/env bash
# Runs every static check, prints each result, and fails at the end if one failed.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
check() {
  local name=$1
  shift
  if output=$("$@" 2>&1); then
    echo "ok    $name"
  else
    echo "FAIL  $name: $*"
    echo "$output" | sed 's/^/      /'
    failed+=("$name")
  fi
}

export PATH="$PWD/.venv/bin:$PATH"
check "formatting" ruff format --check --quiet .
check "lint" ruff check --quiet .
check "types" mypy
check "architecture" lint-imports
check "known weaknesses" python -m scripts.supply.audit
check "docs and manifests" pytest -q tests/unit/repo

if ((${#failed[@]})); then
  echo "Failed: ${failed[*]}"
  exit 1
fi
