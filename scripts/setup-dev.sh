#!/usr/bin/env bash
# Checks that this machine can run the containers, and makes .env from .env.example where there is none.
# Every check prints one line, a failed one also what to do; exit code 1 if one failed. Never overwrites a .env.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
source scripts/lib/ports.sh
source scripts/lib/checks.sh

readonly COMPOSE_NEEDED=2.24.4 # the first with !override

check_compose() {
  local version
  version=$(docker compose version --short 2>/dev/null)
  version=${version#v}
  if [[ -z $version ]]; then
    bad "docker compose is not installed" "Install the Compose plugin: https://docs.docker.com/compose/install"
  elif at_least "$version" "$COMPOSE_NEEDED"; then
    ok "docker compose $version"
  else
    bad "docker compose $version is older than $COMPOSE_NEEDED" "Update the Compose plugin."
  fi
}

check_port() { # check_port VARIABLE DEFAULT SERVICE
  local port
  port=$(port_of "$1" "$2")
  if runs_in_compose "$3"; then
    ok "port $port is served by our own $3"
  elif port_in_use "$port"; then
    bad "port $port, for $3, is in use" "Stop what listens there, or choose another with $1=... in .env."
  else
    ok "port $port is free for $3"
  fi
}

runs_in_compose() { [[ -n $(docker compose ps --quiet "$1" 2>/dev/null) ]]; }

make_env() {
  if [[ -e .env ]]; then
    ok ".env exists and is not changed"
  else
    cp .env.example .env && ok ".env made from .env.example; everything in it is optional"
  fi
}

check_docker
check_compose
check_port VECTOR_DB_PORT 6333 vector-db
check_port EMBEDDING_SERVER_PORT 8001 embedding-server
check_port LLM_SERVER_PORT 8002 llm-server
check_port RAG_SERVER_PORT 8000 rag-server
check_disk 4
make_env
if ((failed)); then
  echo "Not ready yet: see above."
  exit 1
fi
echo "Ready: make up"
