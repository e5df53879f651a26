"""How soon a search finds what changed on disk, in a codebase of 20,000 files, and what waiting costs.

Writes results/freshness.json. Changes without a file event are made through a memory map, which Linux
reports to nobody: that is how a file on a network mount changes.
"""

import json
import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import RESULTS, describe
from code_rag.localstack.ports import free_ports
from code_rag.localstack.processes import LocalStack

FOLDERS, FILES_EACH = 1000, 20
CHECKED_OUT = 1000
EDITS = 10
IDLE_SECONDS = 60.0
DEADLINE_SECONDS = 1800.0
GOALS = {
    "SAVE_SECONDS": 2.0, "SAVE_WITHOUT_EVENT_SECONDS": 2.0, "CHECKOUT_SECONDS": 10.0, "IDLE_CPU_PERCENT": 1.0,
    "IDLE_CPU_WITHOUT_EVENTS_PERCENT": 1.0,
}  # fmt: skip
FUNCTION = 'def {name}(order):\n    """Handles {name}."""\n    return order\n'
words = (f"word{number:08}" for number in count())


class Tree:
    """A git repository of many small files with two branches."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in range(FOLDERS):
            for file in range(FILES_EACH):
                self.write(f"part{folder % 40}/module{folder}/file{file}.py", f"start{folder}x{file}")
        self.git("init", "--quiet")
        self.commit()
        self.git("checkout", "--quiet", "-b", "other")
        self.other = {
            f"part{n % 40}/module{n}/file{n % FILES_EACH}.py": f"other{n}" for n in range(CHECKED_OUT)
        }
        for path, word in self.other.items():
            self.write(path, word)
        self.commit()
        self.git("checkout", "--quiet", "-")

    def write(self, path: str, word: str) -> None:
        """Write a file with one function of this name."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(FUNCTION.format(name=word))

    def write_unreported(self, path: str, word: str) -> None:
        """Change the name of the file's function in place, without an event."""
        file = self.root / path
        text = file.read_text()
        padded = FUNCTION.format(name=word)[: len(text) - 1].ljust(len(text) - 1) + "\n"
        with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
            mapped[:] = padded.encode()
            mapped.flush()

    def git(self, *arguments: str) -> None:
        """Run git in the repository."""
        identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True)

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "State")


def until(condition: Callable[[], bool], pause: float = 0.02) -> float:
    """The seconds until the condition holds, asked again after each `pause`."""
    started = time.perf_counter()
    while not condition():
        if time.perf_counter() - started > DEADLINE_SECONDS:
            raise SystemExit("What changed was never found.")
        time.sleep(pause)
    return time.perf_counter() - started


def finds(rag: httpx2.Client, word: str, path: str) -> bool:
    """Whether the best hit for a word is in this file."""
    hits = rag.post("/search", json={"query": word, "limit": 1}).raise_for_status().json()["hits"]
    return bool(hits) and hits[0]["path"] == path and word in hits[0]["text"]


def current(rag: httpx2.Client) -> bool:
    """Whether everything is indexed, vectors included."""
    status = rag.get("/index").raise_for_status().json()
    return bool(status["finished_at"]) and status["state"] == "idle" and not status["changed"]


def saves(rag: httpx2.Client, write: Callable[[str, str], None]) -> Iterator[float]:
    """How long each of some saves took to be found."""
    for number in range(EDITS):
        path, word = f"part{number}/module{number + 400}/file3.py", next(words)
        write(path, word)
        yield until(lambda path=path, word=word: finds(rag, word, path))  # type: ignore[misc]
        until(lambda: current(rag), pause=0.2)


def idle_percent(pid: int) -> float:
    """The share of a core that a process takes while nobody asks and nothing changes."""
    before = cpu_seconds(pid)
    time.sleep(IDLE_SECONDS)
    return round(100 * (cpu_seconds(pid) - before) / IDLE_SECONDS, 2)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path) -> dict[str, Any]:
    """All the figures, on a stack of its own."""
    tree = Tree(folder / "code")
    stack = LocalStack(tree.root, folder / "index", folder / "logs", free_ports(), {"VECTOR_DB_URL": ""})
    with stack, httpx2.Client(base_url=stack.rag_url, timeout=60) as rag:
        stack.wait_ready(120)
        until(lambda: current(rag), pause=1.0)
        process = stack.services["rag-server"].process
        assert process
        # First what has no events: the service has not seen one yet, as on a mount that has none.
        result: dict[str, Any] = {"files": FOLDERS * FILES_EACH, "edits": EDITS, "checked_out": CHECKED_OUT}
        result["IDLE_CPU_WITHOUT_EVENTS_PERCENT"] = idle_percent(process.pid)
        result["SAVE_WITHOUT_EVENT_SECONDS"] = round(max(saves(rag, tree.write_unreported)), 2)
        result["SAVE_SECONDS"] = round(max(saves(rag, tree.write)), 2)
        result["IDLE_CPU_PERCENT"] = idle_percent(process.pid)
        tree.git("checkout", "--quiet", "--force", "other")
        sample = list(tree.other.items())[::50]
        result["CHECKOUT_SECONDS"] = round(
            until(lambda: all(finds(rag, word, path) for path, word in sample)), 2
        )
    return result


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = {"machine": describe(), **measure(Path(folder))}
    (RESULTS / "freshness.json").write_text(json.dumps(result, indent=2) + "\n")
    for name, goal in GOALS.items():
        sys.stdout.write(
            f"{name} {result[name]} (goal {goal}): {'reached' if result[name] <= goal else 'missed'}\n"
        )


if __name__ == "__main__":
    main()
