#!/usr/bin/env bash
# Makes .venv with the locked packages and our own, and fetches the model: `setup.sh run`, or `setup.sh dev` for the tests' tools too.
# LLM=local adds the model on this machine. PYTHON=python3.12 chooses the interpreter. Does nothing, at once, when nothing has changed since the last time.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

services=(embedding-server llm-server rag-server)
llm=${LLM:-}
log=.data/logs/setup.log

main() {
  local purpose=${1:-run}
  [[ $purpose == run || $purpose == dev ]] || fail "setup.sh takes 'run' or 'dev', not '$purpose'."
  [[ -z $llm || $llm == local ]] || fail "LLM is '$llm': leave it empty, or use a model on this machine with LLM=local."
  local key
  key=$(fingerprint)
  if ! up_to_date "$purpose" "$key"; then
    mkdir -p .data/logs
    : >"$log"
    make_venv
    install_packages "$purpose"
    fetch_model
    remember "$purpose" "$key"
  fi
  if [[ -n $llm ]]; then add_local_model "$key ${LOCAL_MODEL:-}"; fi
}

# What an installation depends on: where it is, the interpreter asked for, the locks and our packages' own files.
fingerprint() {
  { printf '%s\n' "$PWD" "${PYTHON:-}"; cat requirements/*.txt packages/*/pyproject.toml services/*/pyproject.toml; } | cksum
}

up_to_date() {
  local stamp=.venv/.ready-for-$1
  [[ -x .venv/bin/python && -f $stamp && $(<"$stamp") == "$2" ]]
}

remember() {
  rm -f .venv/.ready-for-*
  printf '%s\n' "$2" >.venv/.ready-for-run
  if [[ $1 == dev ]]; then printf '%s\n' "$2" >.venv/.ready-for-dev; fi
}

make_venv() {
  local python=${PYTHON:-python3}
  command -v "$python" >/dev/null || fail "There is no '$python' on the PATH: install Python 3.11 or newer, or name one with PYTHON=python3.12."
  local version
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "'$python' is Python $version, and 3.11 or newer is needed: install one and name it with PYTHON=python3.12."
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "'$python' cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt install python$version-venv)."
  check_platform "$python"
  if ! venv_works "$version"; then
    step "Making .venv with Python $version" "Remove the folder .venv and run it again." "$python" -m venv --clear .venv
  fi
}

# ONNX Runtime, which computes the embeddings, is not built for every platform: say so before pip does.
check_platform() { # check_platform PYTHON
  local unbuilt="ONNX Runtime, which computes the embeddings, is not built for" platform
  platform=$("$1" -c '
import platform, sysconfig
musl = any(str(sysconfig.get_config_var(name)).endswith("musl") for name in ("SOABI", "HOST_GNU_TYPE"))
print(platform.system(), platform.machine(), "musl" if musl else platform.mac_ver()[0])')
  case $platform in
    "Darwin x86_64 "*)
      if [[ $(sysctl -n hw.optional.arm64 2>/dev/null) == 1 ]]; then
        fail "'$1' is a Python for Intel, and $unbuilt macOS on Intel: name a native arm64 Python with PYTHON=/opt/homebrew/bin/python3, or use Docker (make up)."
      fi
      fail "$unbuilt macOS on Intel: use Docker (make up)." ;;
    "Darwin arm64 1"[123].*) fail "$unbuilt macOS before 14: use Docker (make up), or update macOS." ;;
    "Linux "*" musl") fail "$unbuilt Linux with musl, such as Alpine: use Docker (make up)." ;;
  esac
}

venv_works() {
  [[ $(.venv/bin/python -c 'import sys, pip; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "$1" ]]
}

install_packages() {
  local locks=(-r requirements/build.txt) own=() name project
  for name in "${services[@]}"; do locks+=(-r "requirements/$name.txt"); done
  # Embeds three times as fast, on such CPUs only; the tests want every engine.
  if [[ $1 == dev ]] || grep -qwE 'amx_bf16|avx512_bf16' /proc/cpuinfo 2>/dev/null; then
    locks+=(-r requirements/embedding-server-openvino.txt)
  fi
  for project in packages/*/pyproject.toml services/*/pyproject.toml; do own+=(-e "${project%/pyproject.toml}"); done
  if [[ $1 == dev ]]; then locks+=(-r requirements/dev.txt); fi
  local pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input install)
  local advice="Check the network and pip's settings (pip config list), then run it again."
  step "Installing the locked packages" "$advice" "${pip[@]}" --no-deps --require-hashes "${locks[@]}"
  step "Installing our own packages" "$advice" "${pip[@]}" --no-deps --no-build-isolation "${own[@]}"
}

fetch_model() {
  local fetch=(.venv/bin/python -m code_rag.embedding_server.model_files)
  # .env may say where the model is; what is in the environment wins.
  if [[ -f .env ]]; then fetch=(.venv/bin/python -m dotenv --file .env run --no-override -- "${fetch[@]}"); fi
  step "Fetching the model" "Check the network, or set MODEL_DIR to a folder that holds the model, then run it again." \
    "${fetch[@]}"
}

# llama.cpp, then the model: half a gigabyte or more, so its progress is shown; what has come is kept for the next time.
add_local_model() { # add_local_model KEY
  local stamp=.venv/.ready-for-local
  if [[ -f $stamp && $(<"$stamp") == "$1" ]]; then return; fi
  step "Installing llama.cpp" "Check the network and pip's settings (pip config list), then run it again." \
    .venv/bin/python -m pip --disable-pip-version-check --no-input install --require-hashes -r requirements/llm-server-local.txt
  local fetch=(.venv/bin/python -m code_rag.llm_server.gguf)
  if [[ -f .env ]]; then fetch=(.venv/bin/python -m dotenv --file .env run --no-override -- "${fetch[@]}"); fi
  "${fetch[@]}" || fail "Fetching the local model failed: see above, then run it again."
  printf '%s\n' "$1" >"$stamp"
}

# step TITLE ADVICE COMMAND...: runs a command into the log; shows how long it took, or how it failed and what to do.
step() {
  local title=$1 advice=$2 started=$SECONDS
  shift 2
  printf '%s ... ' "$title"
  if "$@" >>"$log" 2>&1; then
    printf '%d s\n' $((SECONDS - started))
  else
    printf 'failed\n'
    tail -n 8 "$log" >&2
    fail "$title failed; the full log is $PWD/$log. $advice"
  fi
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

main "$@"
