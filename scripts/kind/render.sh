#!/usr/bin/env bash
# Prints the manifests for this checkout: kind/render.sh OVERLAY [IMAGE:TAG...]
# An overlay (kind, dev) and what .env says: its secrets as the Secret that pods mount as a file, its choices over
# config.env, as Compose does. Names end in a hash, so that a change of .env rolls the pods that read it; the Secret of
# callers' keys has none, as running pods read it again.
# With LLM_BACKEND=local the model on this machine is added; with EMBEDDING_ENGINE=openai in .env, the way out to its server.
# DOTENV names another file; DOTENV= (empty) none.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
source scripts/lib/kind.sh
need kubectl
overlay=${1:?kind/render.sh OVERLAY [IMAGE:TAG...]}
shift
dotenv=${DOTENV-.env}
build=$(mktemp -d .data/kind/render.XXXXXX)
trap 'rm -rf "$build"' EXIT

# Where a service listens, whom it calls and where its files are is the cluster's business; the rest is a choice.
choices() { # choices CONFIG_ENV: the lines of .env that override one of CONFIG_ENV
  awk -F= '
    FNR == NR {known[$1]; next}
    $1 in known && $1 !~ /^(HOST|PORT)$|_(URL|PATH|DIR)$/ && $2 != "" {
      value = substr($0, index($0, "=") + 1)
      gsub(/^["\047]|["\047]$/, "", value)
      print $1 "=" value
    }' "$1" "$dotenv"
}

named_file() { # named_file VARIABLE: the file that .env names by it, if any
  local file
  file=$(sed -n "s/^$1=//p" "$dotenv" | tail -n 1 | tr -d "\"'")
  [[ -z $file || -r $file ]] || die "$1 in $dotenv names $file, which cannot be read."
  [[ -z $file ]] || realpath "$file"
}

keys=
models=
components=()
if [[ ${LLM_BACKEND:-} == local ]]; then components+=(local-model); fi
if [[ -n $dotenv && -s $dotenv ]]; then
  keys=$(named_file API_KEYS_FILE)
  models=$(named_file LLM_MODELS)
  if choices k8s/base/embedding-server/config.env | grep -qx EMBEDDING_ENGINE=openai; then components+=(embedding-api); fi
fi

{
  echo "apiVersion: kustomize.config.k8s.io/v1beta1"
  echo "kind: Kustomization"
  echo "namespace: code-rag"
  echo "resources: [../../../k8s/overlays/$overlay]"
  if ((${#components[@]})); then
    echo "components:"
    printf '  - ../../../k8s/components/%s\n' "${components[@]}"
  fi
  if [[ -n $dotenv && -s $dotenv ]]; then
    echo "secretGenerator:"
    echo "  - { name: dotenv, files: [\"dotenv=$(realpath "$dotenv")\"] }"
    if [[ -n $keys ]]; then
      echo "  - name: api-keys"
      echo "    files: [\"keys.toml=$keys\"]"
      echo "    options: { disableNameSuffixHash: true }"
    fi
    echo "configMapGenerator:"
    if [[ -n $models ]]; then echo "  - { name: llm-models, files: [\"models.toml=$models\"] }"; fi
    for component in embedding-server llm-server rag-server; do
      choices "k8s/base/$component/config.env" >"$build/$component.env"
      if [[ -n $keys ]]; then echo "API_KEYS_FILE=/run/keys/keys.toml" >>"$build/$component.env"; fi
      if [[ -n $models && $component == llm-server ]]; then
        echo "LLM_MODELS=/run/models/models.toml" >>"$build/$component.env"
      fi
      echo "  - { name: $component, behavior: merge, envs: [$component.env] }"
    done
  fi
  if (($#)); then echo "images:"; fi
  for image; do
    echo "  - { name: ${image%:*}, newTag: \"${image##*:}\" }"
  done
} >"$build/kustomization.yaml"
kubectl kustomize --load-restrictor LoadRestrictionsNone "$build"
