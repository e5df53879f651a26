#!/usr/bin/env bash
# Tests both embedding engines against the golden vectors, in an environment of its own: PyTorch stays out of .venv.
# Arguments go to pytest. On Linux, PIP_EXTRA_INDEX_URL may name an index of PyTorch's builds for the CPU: far smaller.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

venv=.venv-reference
locks=(requirements/reference.txt requirements/embedding-server-openvino.txt requirements/dev.txt)
stamp=$venv/.ready
key=$(cat "${locks[@]}" | cksum)

if [[ ! -f $stamp || $(<"$stamp") != "$key" ]]; then
  echo "Making $venv with PyTorch and sentence-transformers"
  "${PYTHON:-python3}" -m venv "$venv"
  pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet)
  # First and separately, so that no other package chooses the build.
  "${pip[@]}" "$(grep '^torch==' requirements/reference.txt)"
  "${pip[@]}" --no-deps --require-hashes -r requirements/embedding-server-openvino.txt -r requirements/dev.txt
  "${pip[@]}" -r requirements/reference.txt
  echo "$key" >"$stamp"
fi

export PYTHONPATH=packages/servicekit/src:packages/localstack/src:services/embedding-server/src:services/rag-server/src
"$venv/bin/python" -m code_rag.embedding_server.model_files
exec "$venv/bin/python" -m pytest tests/reference "$@"
