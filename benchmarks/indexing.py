"""Indexes packages of the standard library through the running services, changes them, then searches them.

Writes results/indexing.json: when a first index has words, headers and whole texts, and at which pace; what
an unchanged one, a renamed folder and a switch of branches and back take; search p50 and p95.
"""

import json
import shutil
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import RESULTS, describe
from benchmarks.percentiles import milliseconds
from code_rag.localstack.ports import free_ports
from code_rag.localstack.processes import LocalStack

PACKAGES = (
    "asyncio",
    "concurrent",
    "email",
    "http",
    "importlib",
    "json",
    "logging",
    "multiprocessing",
    "unittest",
)
QUERIES = (
    "cancel a task when a timeout expires", "parse a header with encoded words", "retry a failed connection",
    "lock shared between processes", "format a log record", "load a module from a zip file", "CookieJar",
    "decode JSON with a custom hook", "mock an attribute for a test", "read chunked transfer encoding",
)  # fmt: skip
ROUNDS = 20
DEADLINE_SECONDS = 900.0


def copy_codebase(target: Path) -> None:
    """Put the chosen packages of this Python's standard library into `target`."""
    library = Path(sysconfig.get_path("stdlib"))
    for package in PACKAGES:
        shutil.copytree(library / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))


def finished_run(client: httpx2.Client, after: str | None, seen: dict[str, float]) -> dict[str, Any]:
    """The status of the first run that finished after the one that finished at `after`.

    `seen` gets the seconds of the run at which each of its steps was last seen.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        status: dict[str, Any] = client.get("/index").raise_for_status().json()
        if status["state"] == "failed":
            raise SystemExit(f"Indexing failed: {status['detail']}")
        if status["state"] == "idle" and status["finished_at"] not in (None, after):
            return status
        if status["step"]:
            seen[status["step"]["name"]] = status["seconds"]
        time.sleep(0.02)
    raise SystemExit(f"Indexing did not finish within {DEADLINE_SECONDS:g} s.")


class Runs:
    """Index runs, one after the other."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self._last: str | None = None

    def first(self) -> tuple[dict[str, Any], dict[str, float]]:
        """The run that the service starts by itself, and when its steps ended."""
        seen: dict[str, float] = {}
        status = finished_run(self._client, None, seen)
        self._last = status["finished_at"]
        return status, seen

    def again(self) -> dict[str, Any]:
        """One more run: its seconds, and how many texts it embedded."""
        self._client.post("/index", json={}).raise_for_status()
        status = finished_run(self._client, self._last, {})
        self._last = status["finished_at"]
        return {
            "seconds": round(status["seconds"], 2),
            "chunks": status["chunks"],
            "texts_embedded": status["vectors"]["computed"],
        }


def changes(runs: Runs, codebase: Path) -> dict[str, Any]:
    """What runs take after usual changes: a renamed folder, and another branch and back."""
    unchanged = runs.again()
    (codebase / "email").rename(codebase / "mail")
    renamed = runs.again()
    branch = codebase.with_name("other-branch")
    (codebase / "unittest").rename(branch)
    runs.again()
    branch.rename(codebase / "unittest")
    return {"unchanged": unchanged, "renamed_folder": renamed, "branch_and_back": runs.again()}


def search_seconds(client: httpx2.Client) -> list[float]:
    """How long each of the queries took, in several rounds."""
    seconds = []
    for query in QUERIES * ROUNDS:
        started = time.perf_counter()
        client.post("/search", json={"query": query}).raise_for_status()
        seconds.append(time.perf_counter() - started)
    return seconds


def measure(folder: Path) -> dict[str, Any]:
    """All the figures, on a stack of its own with an empty index."""
    codebase = folder / "codebase"
    copy_codebase(codebase)
    stack = LocalStack(codebase, folder / "index", folder / "logs", free_ports(), {"VECTOR_DB_URL": ""})
    with stack, httpx2.Client(base_url=stack.rag_url, timeout=60) as client:
        stack.wait_ready(120)
        runs = Runs(client)
        first, seen = runs.first()
        changed = changes(runs, codebase)
        latency = milliseconds(search_seconds(client))
    return {
        "files": first["files"]["indexed"],
        "chunks": first["chunks"],
        "index_seconds": round(first["seconds"], 2),
        "words_seconds": round(seen["words"], 2),
        "headers_seconds": round(seen["headers"], 2),
        "headers_per_second": round(first["chunks"] / (seen["headers"] - seen["words"]), 1),
        "whole_chunks_per_second": round(first["chunks"] / (first["seconds"] - seen["headers"]), 1),
        "after": changed,
        "search": latency | {"requests": len(QUERIES) * ROUNDS},
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = {"machine": describe(), **measure(Path(folder))}
    text = json.dumps(result, indent=2)
    (RESULTS / "indexing.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
