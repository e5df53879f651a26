#!/usr/bin/env bash
# Checks what the local cluster needs: tools, Docker's memory, disk, ports, file watching, the cluster's health.
# One line per check, and what to do below a failed one; exit code 1 if one failed. Changes nothing.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
source scripts/lib/kind.sh
source scripts/lib/checks.sh

readonly KIND_NEEDED=0.24.0 KUBECTL_NEEDED=1.30.0 TILT_NEEDED=0.33.0
readonly MEMORY_NEEDED_GB=6
readonly WATCHES_NEEDED=65536 INSTANCES_NEEDED=128

check_tool() { # check_tool NAME NEEDED WHERE VERSION-COMMAND...
  local name=$1 needed=$2 where=$3 version
  shift 3
  if ! command -v "$name" >/dev/null; then
    bad "$name is not installed" "Install it: $where"
    return
  fi
  version=$("$@" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
  if at_least "${version:-0}" "$needed"; then
    ok "$name $version"
  else
    bad "$name ${version:-of unknown version} is older than $needed" "Update it: $where"
  fi
}

check_memory() { # what Docker may use; says nothing where no engine answers
  local memory
  memory=$(docker info --format '{{.MemTotal}}' 2>/dev/null)
  ((memory > 0)) || return
  memory=$((memory / 1024 / 1024 / 1024))
  if ((memory >= MEMORY_NEEDED_GB)); then
    ok "Docker has $memory GB of memory"
  else
    bad "Docker has $memory GB of memory" \
      "The pods ask for 3.5 GB: give Docker $MEMORY_NEEDED_GB GB (Docker Desktop: Settings, Resources)."
  fi
}

check_inotify() { # check_inotify NAME NEEDED; only Linux has these limits
  local file=/proc/sys/fs/inotify/$1
  [[ -r $file ]] || return 0
  if (($(<"$file") >= $2)); then
    ok "fs.inotify.$1 is $(<"$file")"
  else
    bad "fs.inotify.$1 is $(<"$file"): reloaders would stop with 'too many open files'" "sudo sysctl fs.inotify.$1=$2"
  fi
}

check_ports() { # the cluster's own ports before it is made; afterwards they are in use
  local port
  for port in $(sed -n 's/.*hostPort: \([0-9]*\).*/\1/p' kind-config.yaml); do
    if port_in_use "$port"; then
      bad "port $port is in use" "Stop what listens there (ss -ltnp 'sport = :$port'), or change it in kind-config.yaml."
    else
      ok "port $port is free"
    fi
  done
}

check_cluster() {
  local state waiting
  state=$(docker inspect --format '{{.State.Status}}' "$NODE" 2>/dev/null)
  if [[ $state != running ]]; then
    bad "the cluster's node is ${state:-missing}" "Start it: make kind-up"
  elif ! api_answers; then
    bad "the cluster's API does not answer" "After the computer slept, wait a minute; then: docker restart $NODE && make kind-up"
  elif ! kubectl --context "$CONTEXT" get --raw "/api/v1/nodes/$NODE/proxy/healthz" --request-timeout=5s >/dev/null 2>&1; then
    bad "the node's kubelet does not answer: logs, port-forwards and live updates hang" "docker restart $NODE && make kind-up"
  else
    ok "the cluster answers"
    waiting=$(kubectl --context "$CONTEXT" -n code-rag get pods --no-headers 2>/dev/null | awk '{split($2, n, "/")} n[1] != n[2] {print $1}')
    if [[ -z $waiting ]]; then
      ok "every pod is ready"
    else
      bad "not ready: ${waiting//$'\n'/, }" "KUBECONFIG=.data/kind/kubeconfig kubectl -n code-rag describe pod ${waiting%%$'\n'*}"
    fi
  fi
}

check_docker
check_memory
check_tool kind "$KIND_NEEDED" https://kind.sigs.k8s.io kind version
check_tool kubectl "$KUBECTL_NEEDED" https://kubernetes.io/docs/tasks/tools kubectl version --client
check_tool tilt "$TILT_NEEDED" https://docs.tilt.dev/install.html tilt version
check_disk 10
check_inotify max_user_watches "$WATCHES_NEEDED"
check_inotify max_user_instances "$INSTANCES_NEEDED"
if cluster_exists; then check_cluster; else check_ports; fi

if ((failed)); then
  echo "Not ready yet: see above."
  exit 1
fi
if cluster_exists; then echo "Ready: make dev"; else echo "Ready, no cluster yet: make dev makes it."; fi
