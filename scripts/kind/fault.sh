#!/usr/bin/env bash
# Has llm-server in the local cluster answer the next calls as a broken model server would: kind/fault.sh truncated 2
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
[ $# -ge 1 ] || die "Say which fault, and for how many calls: scripts/kind/fault.sh 429|500|slow|truncated|garbled [1]"
need kubectl
# The pod knows the key, where there is one, and its own port.
readonly RUN='
import os, sys
import httpx2
from dotenv import load_dotenv
load_dotenv("/run/secrets/dotenv")
key = os.environ.get("API_KEY")
answer = httpx2.post(
    "http://127.0.0.1:%s/faults" % os.environ.get("PORT", "8002"),
    json={"fault": sys.argv[1], "times": int(sys.argv[2])},
    headers={"authorization": "Bearer " + key} if key else {},
    trust_env=False,
)
print(answer.text)
sys.exit(not answer.is_success)
'
exec kubectl --context "$CONTEXT" -n code-rag exec --quiet deploy/llm-server -- python -c "$RUN" "$1" "${2:-1}"
