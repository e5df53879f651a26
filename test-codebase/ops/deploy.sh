#!/usr/bin/env bash
# Roll a new version of a service out: a tenth of the traffic first, everything ten minutes later.
#
# Usage: ops/deploy.sh order-service 2024.06.3
set -euo pipefail

readonly CANARY_PERCENT=10
readonly WATCH_MINUTES=10
readonly MAX_ERROR_PERCENT=2
readonly REGISTRY="${REGISTRY:-registry.larkfield.example}"
readonly METRICS="${METRICS_URL:-http://prometheus:9090}"

usage() {
    echo "usage: $0 <service> <version>" >&2
    exit 64
}

# Fridays after three nobody is left to notice a slow leak.
refuse_late_friday() {
    if [[ "$(date +%u)" == 5 && "$(date +%H)" -ge 15 && -z "${FORCE:-}" ]]; then
        echo "no deployments on Friday afternoon; set FORCE=1 if this is the fix for an outage" >&2
        exit 1
    fi
}

# The share of 5xx answers of the canary in the last two minutes, in per cent, rounded up.
error_percent() {
    local service="$1" query
    query="ceil(100 * sum(rate(http_requests_total{service=\"${service}\",track=\"canary\",status=~\"5..\"}[2m]))
        / sum(rate(http_requests_total{service=\"${service}\",track=\"canary\"}[2m])))"
    curl --fail --silent --max-time 5 --get "${METRICS}/api/v1/query" --data-urlencode "query=${query}" \
        | jq --raw-output '.data.result[0].value[1] // "0"'
}

set_weight() {
    kubectl annotate --overwrite "ingress/$1-canary" "nginx.ingress.kubernetes.io/canary-weight=$2"
}

roll_back() {
    echo "rolling $1 back: $2" >&2
    set_weight "$1" 0
    kubectl rollout undo "deployment/$1-canary"
    exit 1
}

watch_canary() {
    local service="$1" minute errors
    for ((minute = 1; minute <= WATCH_MINUTES; minute++)); do
        sleep 60
        errors="$(error_percent "$service")" || roll_back "$service" "metrics cannot be read"
        echo "minute ${minute}: ${errors}% errors"
        if ((errors > MAX_ERROR_PERCENT)); then
            roll_back "$service" "${errors}% of requests failed"
        fi
    done
}

main() {
    [[ $# -eq 2 ]] || usage
    local service="$1" image="${REGISTRY}/$1:$2"
    refuse_late_friday
    kubectl set image "deployment/${service}-canary" "app=${image}"
    kubectl rollout status --timeout=180s "deployment/${service}-canary" || roll_back "$service" "it did not start"
    set_weight "$service" "$CANARY_PERCENT"
    watch_canary "$service"
    kubectl set image "deployment/${service}" "app=${image}"
    kubectl rollout status --timeout=600s "deployment/${service}"
    set_weight "$service" 0
    echo "${service} is on $2"
}

main "$@"
