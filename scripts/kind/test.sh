#!/usr/bin/env bash
# The tests on a cluster: creates it, runs `tilt ci` with the contract suite, then tests/kind.
# Leaves artifacts/kind: Tilt's snapshot, events, descriptions, logs and results. A cluster that it made is deleted in
# the end, unless KEEP=1; an existing one is used and kept. Reads no .env: the defaults are tested.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need docker kind kubectl tilt
readonly OUT=artifacts/kind
export DOTENV=
failed=()

step() { # step TITLE COMMAND...: run it and remember a failure
  local title=$1 started=$SECONDS result=ok
  shift
  printf '\n=== %s\n' "$title"
  "$@" || { result=FAILED failed+=("$title"); }
  printf '=== %s: %s, %d s\n' "$title" "$result" $((SECONDS - started))
  [[ $result == ok ]]
}

none_skipped() { # none_skipped JUNIT_XML
  grep -o 'skipped="[0-9]*"' "$1" | grep -qx 'skipped="0"' || { echo "$1: tests were skipped, or there is no result"; false; }
}

collect() {
  local pod name
  k() { kubectl --context "$CONTEXT" -n code-rag --request-timeout=10s "$@"; }
  k get events --sort-by=.lastTimestamp >"$OUT/events.txt"
  k get all,networkpolicies,pvc -o wide >"$OUT/objects.txt"
  k describe pods >"$OUT/pods.txt"
  for pod in $(k get pods -o name); do
    name=${pod#pod/}
    k logs "$pod" --all-containers >"$OUT/$name.log"
    k logs "$pod" --all-containers --previous >"$OUT/$name.previous.log" 2>/dev/null || rm -f "$OUT/$name.previous.log"
  done
} 2>/dev/null

finish() {
  collect
  if ((made)) && [[ ${KEEP:-} != 1 ]]; then scripts/kind/down.sh; fi
}

rm -rf "$OUT"
mkdir -p "$OUT"
cluster_exists && made=0 || made=1
trap finish EXIT
step "packages for the tests" scripts/setup.sh dev || exit 1
step "cluster" scripts/kind/up.sh || exit 1
step "tilt ci with the contract suite" tilt ci --port 0 --output-snapshot-on-exit "$OUT/tilt-snapshot.json" >"$OUT/tilt-ci.log" 2>&1
tail -n 4 "$OUT/tilt-ci.log"
step "no contract test was skipped" none_skipped "$OUT/contract.xml"
step "tests/kind" .venv/bin/pytest tests/kind -o timeout=400 --junit-xml="$OUT/kind.xml"
step "no cluster test was skipped" none_skipped "$OUT/kind.xml"

printf '\nkind-test: %d s; %s\n' "$SECONDS" "$( ((${#failed[@]})) && printf 'failed: %s' "${failed[*]}" || echo passed)"
((${#failed[@]} == 0))
