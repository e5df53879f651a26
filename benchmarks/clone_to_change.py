"""Walks docs/kubernetes.md from a clone to a hot-reloaded change as a newcomer does, and times each step.

Writes results/clone_to_change.json. Needs Docker, kind, kubectl and Tilt, free ports, and no local cluster:
it makes one, and removes it. What Docker has cached stays cached.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benchmarks.machine import RESULTS, describe
from tests.fixtures.checkout import copy_project

QUESTION = "When do loyalty points expire?"
TITLE, NEW_TITLE = 'title="llm-server"', 'title="my llm-server"'
API = "http://localhost:8002/openapi.json"
DEADLINE_SECONDS = 900.0
COLUMNS = "UID:.metadata.uid,RESTARTS:.status.containerStatuses[0].restartCount"
PODS = ("kubectl", "-n", "code-rag", "get", "pods", "--output", f"custom-columns={COLUMNS}")


class Walk:
    """The newcomer's terminal in a fresh copy of the project; remembers how long each step took."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        self.environment["KUBECONFIG"] = str(project / ".data/kind/kubeconfig")
        self.seconds: dict[str, float] = {}
        self.running: Callable[[], bool] = lambda: False

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Time a step and say how it went."""
        started = time.monotonic()
        yield
        self.seconds[what] = round(time.monotonic() - started, 2)
        print(f"{what}: {self.seconds[what]} s", flush=True)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command to its end; what it printed."""
        done = subprocess.run(
            command, cwd=self.project, env=self.environment, text=True, stdout=subprocess.PIPE, check=check
        )
        return done.stdout

    @contextmanager
    def in_background(self, *command: str) -> Iterator[None]:
        """Run a command until the block has ended, then stop it as Ctrl-C would."""
        with (self.project / "output").open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.project,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
            self.running = lambda: process.poll() is None
            try:
                yield
            finally:
                if self.running():
                    os.killpg(process.pid, signal.SIGINT)
                    process.wait(60)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Ask again and again until something holds, as long as the command in the background runs."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            if not self.running() or time.monotonic() > deadline:
                raise SystemExit(
                    f"Waited without success for {what}. The output ends with:\n{self.output()[-2000:]}"
                )
            time.sleep(0.05)

    def output(self) -> str:
        """What the command in the background has printed."""
        return (self.project / "output").read_text(errors="replace")


def green(walk: Walk) -> bool:
    """Whether all four resources on Tilt's page are green."""
    wait = ["tilt", "wait", "--for=condition=Ready", "--timeout=2s"]
    names = ["vector-db", "embedding-server", "llm-server", "rag-server"]
    resources = [f"uiresource/{name}" for name in names]
    return not subprocess.run([*wait, *resources], env=walk.environment, capture_output=True).returncode


def answered(walk: Walk) -> bool:
    """Whether the question gets an answer that cites the ledger."""
    return "PointsLedger" in walk.run("scripts/kind/coderag.sh", "ask", QUESTION, check=False)


def title() -> str:
    """The title of llm-server's API as it is served now."""
    try:
        answer = httpx2.get(API, timeout=5, trust_env=False)
    except httpx2.TransportError:
        return ""
    return str(answer.json()["info"]["title"]) if answer.is_success else ""


def change(walk: Walk) -> None:
    """Edit the title and time until it is served, by the same pods."""
    before = walk.run(*PODS)
    source = walk.project / "services/llm-server/src/code_rag/llm_server/app.py"
    text = source.read_text()
    with walk.step("a saved change is served"):
        source.write_text(text.replace(TITLE, NEW_TITLE))
        walk.until(lambda: title() == "my llm-server", "the new title")
    if walk.run(*PODS) != before:
        raise SystemExit("The change was not served in place: a pod is another, or was restarted.")


def follow(walk: Walk) -> None:
    """Every step of the docs, in their order."""
    with walk.step("make doctor"):
        walk.run("make", "doctor")
    with walk.in_background("make", "dev"):
        with walk.step("make dev: the cluster"):
            walk.until(lambda: "is up" in walk.output(), "the cluster")
        with walk.step("make dev: images built, every pod ready"):
            walk.until(lambda: green(walk), "four green resources")
        with walk.step("the first answer"):
            walk.until(lambda: answered(walk), "an answer that cites its source")
        change(walk)
    with walk.step("make kind-down"):
        walk.run("make", "kind-down")


def main() -> None:
    if "code-rag" in subprocess.run(["kind", "get", "clusters"], capture_output=True, text=True).stdout:
        raise SystemExit("There is a local cluster already, and a newcomer has none: make kind-down first.")
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(copy_project(Path(folder)))
        follow(walk)
    text = json.dumps({"machine": describe(), "seconds": walk.seconds}, indent=2)
    (RESULTS / "clone_to_change.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
