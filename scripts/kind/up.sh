#!/usr/bin/env bash
# Creates the local cluster `code-rag`, or starts it where it is stopped; does nothing where it runs already.
# CODEBASE=folder is what rag-server will index (default test-codebase); KIND_NODE_IMAGE chooses the node's image.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/ports.sh
source scripts/lib/kind.sh
readonly AGAIN="Create it again: make kind-down && make kind-up"

main() {
  need docker kind kubectl
  docker info >/dev/null 2>&1 || die "The Docker engine does not answer: start Docker, then run it again."
  local codebase
  codebase=$(realpath -e -- "$(port_of CODEBASE "$(port_of CODEBASE_PATH test-codebase)")") ||
    die "CODEBASE must name a folder that exists."
  if cluster_exists; then
    start_node
    same_codebase "$codebase"
  else
    create "$codebase"
  fi
  kind export kubeconfig --name "$CLUSTER" >/dev/null 2>&1 || die "The cluster is incomplete. $AGAIN"
  wait_ready
  load_vector_db
  echo "Cluster $CLUSTER is up: $(kubectl version -o json | sed -n 's/.*"gitVersion": "\(v[0-9.]*\)".*/\1/p' | tail -n 1), codebase $codebase"
  echo "To use it by hand: export KUBECONFIG=$KUBECONFIG"
}

create() { # create CODEBASE
  local args=(--name "$CLUSTER" --config .data/kind/config.yaml --wait 120s)
  if [[ -n ${KIND_NODE_IMAGE:-} ]]; then args+=(--image "$KIND_NODE_IMAGE"); fi
  awk -v path="$1" '/containerPath: \/codebase/ {sub(/hostPath: [^,]*/, "hostPath: \"" path "\"")} {print}' \
    kind-config.yaml >.data/kind/config.yaml
  kind create cluster "${args[@]}"
}

# A node that was stopped or paused (a restarted Docker, a laptop's sleep) continues where it was.
start_node() {
  case $(docker inspect --format '{{.State.Status}}' "$NODE" 2>/dev/null) in
    running) ;;
    paused) docker unpause "$NODE" >/dev/null && echo "The cluster was paused and runs again." ;;
    exited | created) docker start "$NODE" >/dev/null && echo "The cluster was stopped and is starting." ;;
    *) die "The cluster has no node that could start. $AGAIN" ;;
  esac
}

same_codebase() { # same_codebase FOLDER: the mount is fixed when the cluster is made
  local mounted
  mounted=$(docker inspect --format '{{range .Mounts}}{{if eq .Destination "/codebase"}}{{.Source}}{{end}}{{end}}' "$NODE")
  [[ $mounted == "$1" ]] || die "The cluster serves the codebase ${mounted:-(none)}, not $1. $AGAIN"
}

wait_ready() {
  local deadline=$((SECONDS + 90))
  until api_answers && kubectl wait --for=condition=Ready node --all --timeout=10s >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "The cluster's API does not answer, or its node is not ready, after 90 s. $AGAIN"
    sleep 1
  done
}

# Qdrant's image is copied in where this machine has it, so that the cluster need not fetch it.
load_vector_db() {
  local image
  image=$(sed -n 's/^ *image: \(qdrant[^ ]*\).*/\1/p' k8s/base/vector-db/statefulset.yaml)
  docker image inspect "$image" >/dev/null 2>&1 || return 0
  if ! docker exec "$NODE" crictl inspecti "$image" >/dev/null 2>&1; then
    kind load docker-image --name "$CLUSTER" "$image"
  fi
}

main "$@"
