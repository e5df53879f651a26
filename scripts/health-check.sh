#!/usr/bin/env bash
# Asks each of the four services for its health: health-check.sh [--wait SECONDS]
# Prints a line per service with the time it took. Exit code 0: all serve; 1: one does not; 2: wrong usage.
# Ports come from VECTOR_DB_PORT, EMBEDDING_SERVER_PORT, LLM_SERVER_PORT, RAG_SERVER_PORT, or a .env beside the Makefile.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
source scripts/lib/ports.sh
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT

usage() {
  sed -n '2,4s/^# //p' "$0"
}

# Plain bash is enough HTTP client here, so that the script needs no curl; it waits 5 seconds for an answer.
answer() { # answer PORT PATH -> "STATUS BODY", or nothing where no one answers
  local status line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  read -r -t 5 _ status _ <&3 || return
  while IFS= read -r -t 5 line <&3 && [[ $line != $'\r' ]]; do :; done
  echo "$status $(cat <&3)"
}

check() { # check NAME PORT PATH
  local name=$1 port=$2 path=$3 reply seconds status state result=ok
  TIMEFORMAT=%R
  { seconds=$({ time answer "$port" "$path" 2>/dev/null >&4; } 2>&1); } 4>"$scratch"
  reply=$(<"$scratch")
  status=${reply%% *}
  state=$(sed -n 's/^[^"]*"status": *"\([a-z]*\)".*/\1/p' <<<"${reply#* }")
  if [[ $status != 200 ]]; then result=FAIL; fi
  printf '%-4s  %-17s http://127.0.0.1:%-5s %ss  %s\n' \
    "$result" "$name" "$port" "$seconds" "${state:-${status:-does not answer}}"
  [[ $result == ok ]]
}

check_all() {
  local failed=0
  check vector-db "$(port_of VECTOR_DB_PORT 6333)" /readyz || failed=1
  check embedding-server "$(port_of EMBEDDING_SERVER_PORT 8001)" /health || failed=1
  check llm-server "$(port_of LLM_SERVER_PORT 8002)" /health || failed=1
  check rag-server "$(port_of RAG_SERVER_PORT 8000)" /health || failed=1
  return $failed
}

wait_for_all() { # wait_for_all SECONDS
  local deadline=$((SECONDS + $1)) report
  until report=$(check_all); do
    if ((SECONDS >= deadline)); then
      echo "$report"
      echo "Not every service is up after $1 s; 'make logs' shows why." >&2
      return 1
    fi
    sleep 1
  done
  echo "$report"
}

case ${1:-} in
  "") check_all ;;
  --wait) if [[ ${2:-60} =~ ^[0-9]+$ ]]; then wait_for_all "${2:-60}"; else usage >&2; exit 2; fi ;;
  -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
