#!/usr/bin/env bash
# Writes requirements/*.txt: one resolution for everything, split into one hashed file per purpose.
# Needs uv (https://docs.astral.sh/uv). Run it after changing a pyproject.toml or requirements/*.in.
set -euo pipefail
cd "$(dirname "$0")/.."

all=$(mktemp)
trap 'rm -f "$all"' EXIT
services=(embedding-server llm-server rag-server)
compile() {
  uv pip compile --quiet --universal --python-version 3.11 --no-emit-package code-rag-servicekit --no-emit-package code-rag-reloader \
    --custom-compile-command "scripts/lock.sh" "$@"
}

compile services/*/pyproject.toml --extra local --extra openvino requirements/build.in requirements/dev.in --output-file "$all"
lock() {
  local name=$1
  shift
  compile --generate-hashes --no-annotate --constraint "$all" "$@" --output-file "requirements/$name.txt"
}
for service in "${services[@]}"; do
  lock "$service" "services/$service/pyproject.toml"
done
# Without what reports usage to OpenVINO's maker: the engine runs without it.
lock embedding-server-openvino services/embedding-server/pyproject.toml --extra openvino --no-emit-package openvino-telemetry
lock llm-server-local services/llm-server/pyproject.toml --extra local
lock build requirements/build.in
lock dev requirements/dev.in
lock languages requirements/languages.in
# By itself: it shares no environment with the rest.
compile --generate-hashes --no-annotate requirements/sbom.in --output-file requirements/sbom.txt
