#!/usr/bin/env bash
# Builds our images as shipped, copies them into the cluster and runs them there, without Tilt: waits until all serve.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need docker kind kubectl
api_answers || die "There is no cluster: make kind-up"

docker compose build --quiet embedding-server llm-server rag-server
tagged=()
for image in "${OWN_IMAGES[@]}"; do
  # Tagged by content: a new image rolls its pods, the same one is not copied again.
  id=$(docker image inspect --format '{{.Id}}' "$image")
  name=$image:${id:7:12}
  docker tag "$image" "$name"
  tagged+=("$name")
done
kind load docker-image --name "$CLUSTER" "${tagged[@]}"
scripts/kind/render.sh kind "${tagged[@]}" | kubectl apply -f -
kubectl -n code-rag rollout status statefulset/vector-db --timeout=180s
for image in "${OWN_IMAGES[@]}"; do
  kubectl -n code-rag rollout status "deployment/${image#*/}" --timeout=180s
done
