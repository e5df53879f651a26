# What the scripts in scripts/kind share: names, and a kubeconfig of the cluster's own. The user's is never read or written.
# Source it from the project's root.
CLUSTER=code-rag
CONTEXT=kind-$CLUSTER
NODE=$CLUSTER-control-plane
OWN_IMAGES=(code-rag/embedding-server code-rag/llm-server code-rag/rag-server)
mkdir -p .data/kind
export KUBECONFIG=$PWD/.data/kind/kubeconfig

die() { # die SENTENCE...: one sentence per argument, then stop
  printf '%s\n' "$@" >&2
  exit 1
}

need() { # need TOOL...: stop where one is not installed
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool is not installed; docs/kubernetes.md says where to get it."
  done
}

cluster_exists() { kind get clusters 2>/dev/null | grep -qx "$CLUSTER"; }
api_answers() { kubectl --context "$CONTEXT" --request-timeout=3s get --raw /readyz >/dev/null 2>&1; }
