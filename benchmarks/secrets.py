"""Reads and prepares packages of the standard library with and without redaction, in turn, without embedding.

Writes results/secrets.json: what redaction adds to the time of the processor, the lowest of several rounds
each, and how many lines of the library it takes for a secret. Embedding, most of an index run, is left out.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.indexing import copy_codebase
from benchmarks.machine import RESULTS, describe
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.options import Options
from code_rag.rag_server.codebase.walking import FoundFile
from code_rag.rag_server.model import SourceFile
from code_rag.rag_server.preparing import prepare

ROUNDS = 5
GOAL_PERCENT = 10


def read(codebase: Codebase) -> list[SourceFile]:
    """Every file that is indexed."""
    found = [codebase.read(entry.path) for entry in codebase.walk() if isinstance(entry, FoundFile)]
    return [file for file in found if isinstance(file, SourceFile)]


def seconds(codebase: Codebase) -> float:
    """What reading and preparing all of it takes of the processor."""
    started = time.process_time()
    for file in read(codebase):
        prepare(file)
    return time.process_time() - started


def measure(folder: Path) -> dict[str, Any]:
    """The lowest times of all rounds, and what was redacted."""
    copy_codebase(folder)
    plain, redacted = Codebase(folder, Options(redact_secrets=False)), Codebase(folder)
    rounds = [(seconds(plain), seconds(redacted)) for _ in range(ROUNDS)]
    without, with_it = (min(times) for times in zip(*rounds, strict=True))
    files = read(redacted)
    return {
        "files": len(files),
        "lines": sum(len(file.lines) for file in files),
        "redacted": sum(len(file.secrets) for file in files),
        "plain_seconds": round(without, 3),
        "redacted_seconds": round(with_it, 3),
        "added_percent": round(100 * (with_it / without - 1), 1),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = {"machine": describe(), **measure(Path(folder))}
    (RESULTS / "secrets.json").write_text(json.dumps(result, indent=2) + "\n")
    added = result["added_percent"]
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    print(f"added {added} % (goal {GOAL_PERCENT} %): {'reached' if added <= GOAL_PERCENT else 'missed'}")


if __name__ == "__main__":
    main()
