#!/usr/bin/env bash
# Writes a bill of materials (CycloneDX 1.6, JSON) for each wheel and each image to artifacts/sbom.
# Each service is installed from its lock into an environment of its own, so the bill lists what is really there. An
# image's bill has Debian's packages too; where there is no image, or no Docker, that is said.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

out=artifacts/sbom
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

make_venv() { # make_venv NAME PIP-ARGUMENTS...
  local name=$1
  shift
  "${PYTHON:-python3}" -m venv "$work/$name"
  "$work/$name/bin/python" -m pip --disable-pip-version-check --no-input install --quiet "$@"
}

list() { # list NAME PYPROJECT FILE
  "$work/cyclonedx/bin/cyclonedx-py" environment --output-reproducible --pyproject "$2" -o "$3" "$work/$1"
  echo "wrote $3"
}

make_venv cyclonedx --require-hashes -r requirements/sbom.txt

for service in embedding-server llm-server rag-server; do
  lock=requirements/$service.txt
  if [[ -f requirements/$service-openvino.txt ]]; then lock=requirements/$service-openvino.txt; fi
  # The locks are complete; for OpenVINO that leaves out what reports usage.
  make_venv "$service" --no-deps --require-hashes -r "$lock"
  # As in the image, which has nothing else.
  "$work/$service/bin/python" -m pip --disable-pip-version-check uninstall --quiet --yes setuptools pip
  list "$service" "services/$service/pyproject.toml" "$out/$service.wheel.cdx.json"

  image=code-rag/$service
  if digest=$(docker image inspect --format '{{.Id}}' "$image" 2>/dev/null); then
    cp "$out/$service.wheel.cdx.json" "$out/$service.image.cdx.json"
    docker run --rm --network none --entrypoint cat "$image" /var/lib/dpkg/status |
      .venv/bin/python -m scripts.supply.image "$out/$service.image.cdx.json" "$image" "$digest"
    echo "wrote $out/$service.image.cdx.json"
  else
    echo "!!! There is no image $image here, so no bill for it: make build, then repeat." >&2
  fi
done
# Packages of several services are listed as they are installed with one of them.
list llm-server packages/servicekit/pyproject.toml "$out/servicekit.wheel.cdx.json"
list llm-server packages/reloader/pyproject.toml "$out/reloader.wheel.cdx.json"
list rag-server packages/localstack/pyproject.toml "$out/localstack.wheel.cdx.json"
