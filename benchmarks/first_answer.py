"""Times `make run` in a fresh copy of the project up to its first cited answer, then when all is warm.

Writes results/first_answer.json. The copy has no .venv, model or index; pip's own cache stays as it is.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import RESULTS, describe
from code_rag.localstack.ports import free_ports
from tests.fixtures.checkout import copy_project

DEADLINE_SECONDS = 900.0
ANSWERED = "First answer after"


def seconds_to_answer(project: Path) -> float:
    """Run `make run` in `project` until it has answered its question, then stop it as Ctrl-C would."""
    ports = free_ports()
    chosen = [
        f"EMBEDDING_SERVER_PORT={ports.embedding}",
        f"LLM_SERVER_PORT={ports.llm}",
        f"RAG_SERVER_PORT={ports.rag}",
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    started = time.monotonic()
    process = subprocess.Popen(
        ["make", "run", *chosen], cwd=project, env=environment, process_group=0,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        for line in process.stdout:
            if ANSWERED in line:
                return time.monotonic() - started
            if time.monotonic() - started > DEADLINE_SECONDS:
                break
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        process.wait(30)
    raise SystemExit("make run ended without an answer.")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        fresh = seconds_to_answer(project)
        warm = statistics.median(seconds_to_answer(project) for _ in range(3))
    result = {"machine": describe(), "fresh_seconds": round(fresh, 1), "warm_seconds": round(warm, 1)}
    text = json.dumps(result, indent=2)
    (RESULTS / "first_answer.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
