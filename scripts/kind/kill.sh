#!/usr/bin/env bash
# Kills a pod of the local cluster without notice and shows how it comes back: kind/kill.sh llm-server
# Prints each change, with the seconds since the kill, of the pods and of what rag-server says of itself; ends when all is
# well, or with 1 after two minutes.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
readonly COMPONENT=${1:?Say which: scripts/kind/kill.sh vector-db|embedding-server|llm-server|rag-server}
need kubectl curl
k() { kubectl --context "$CONTEXT" -n code-rag "$@"; }

pods() { # pods: the component's pods that are not on their way out, each with its phase and whether it is ready
  k get pods -l "app.kubernetes.io/name=$COMPONENT" --no-headers 2>/dev/null | awk '$3 != "Terminating" {print $1, $3, $2}'
}

uids() { # uids: which pods they are; vector-db's keep their name
  k get pods -l "app.kubernetes.io/name=$COMPONENT" -o jsonpath='{.items[*].metadata.uid}'
}

readonly READ='
import json, sys
said = json.loads(sys.stdin.read() or "{}")
checks = said.get("checks", {}).items()
wrong = [name + ": " + check["detail"] for name, check in checks if check["status"] != "ok"]
print("; ".join([said.get("status", "no answer"), *wrong]))
'
health() { # health: rag-server's status, and what is not well with the reason
  { curl --silent --max-time 4 http://127.0.0.1:30800/health || true; } | .venv/bin/python -c "$READ"
}

killed=$(uids)
[[ -n $killed ]] || die "There is no pod of $COMPONENT: make dev, or make kind-load."
k delete pod -l "app.kubernetes.io/name=$COMPONENT" --grace-period=0 --force --wait=false >/dev/null 2>&1
SECONDS=0
before=
until ((SECONDS > 120)); do
  pods=$(pods) health=$(health)
  now="pod ${pods:-(none)}; rag-server: $health"
  [[ $now == "$before" ]] || printf '%3d s  %s\n' "$SECONDS" "$now"
  before=$now
  if [[ $health == ok && $pods == *1/1 && $(uids) != *"$killed"* ]]; then
    echo "All is well again after $SECONDS s."
    exit 0
  fi
  sleep 0.5
done
die "Not well after two minutes: kubectl -n code-rag describe pod -l app.kubernetes.io/name=$COMPONENT"
