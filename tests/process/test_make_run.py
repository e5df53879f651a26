"""`make run`'s launcher with the real services: a cited answer, a clean end, two side by side."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import httpx2
import pytest

from code_rag.localstack.ports import Ports, free_ports, port_in_use
from code_rag.servicekit.network import is_loopback
from tests.fixtures.targets import CLEAN_SETTINGS, ROOT
from tests.fixtures.waiting import wait_for

PORTS = ("EMBEDDING_SERVER_PORT", "LLM_SERVER_PORT", "RAG_SERVER_PORT")


class Run:
    """One launcher in a project folder of its own, with its output in a file."""

    def __init__(self, project: Path, **settings: str) -> None:
        self.ports: Ports = free_ports()
        self.output = project / "output"
        ports = dict(zip(PORTS, map(str, astuple(self.ports)), strict=True))
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "code_rag.localstack"],
                cwd=project,
                env={
                    **os.environ,
                    **CLEAN_SETTINGS,
                    "MODEL_CACHE_DIR": str(ROOT / ".data/models"),
                    **ports,
                    **settings,
                },
                stdout=output,
                stderr=output,
            )

    def wait_for(self, text: str) -> str:
        """What was printed, once `text` was."""

        def printed() -> str | None:
            assert self.process.poll() is None or text in self.output.read_text(), self.output.read_text()
            return self.output.read_text() if text in self.output.read_text() else None

        return wait_for(printed, f"{text!r} to be printed", seconds=90)

    def stop(self) -> int:
        """Press Ctrl-C and give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts the launcher in a folder with a copy of test-codebase; stops what a test leaves."""
    with contextlib.ExitStack() as started:

        def start(name: str = "project", **settings: str) -> Run:
            project = tmp_path / name
            if not project.exists():
                shutil.copytree(ROOT / "test-codebase", project / "test-codebase")
            fresh = Run(project, **settings)
            started.enter_context(fresh.process)
            started.callback(fresh.process.terminate)
            return fresh

        yield start


def nothing_listens(ports: Ports) -> bool:
    return not any(port_in_use(port) for port in astuple(ports))


def test_a_cited_answer_and_a_clean_end(run: Callable[..., Run]) -> None:
    """A run indexes test-codebase, answers with a citation of the right file and stops within 5 seconds."""
    process = run()
    text = process.wait_for("Press Ctrl-C")
    assert "loyalty/PointsLedger.java:" in text
    assert "✗" not in text
    asked = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - asked < 5
    assert nothing_listens(process.ports)


def test_nothing_is_called_but_this_machine(run: Callable[..., Run], tmp_path: Path) -> None:
    """While the services start, index and answer without a model, none calls or looks up another host."""
    called = tmp_path / "called"
    process = run(PYTHONPATH=str(ROOT / "tests/fixtures/audited"), CONNECTIONS_FILE=str(called))
    process.wait_for("Press Ctrl-C")
    assert process.stop() == 0
    found = set(called.read_text().splitlines())
    assert "127.0.0.1" in found
    assert {address for address in found if not is_loopback(address)} <= {"a file"}


@pytest.mark.parametrize("moment", ["", "Three services started"], ids=["at once", "while indexing"])
def test_ctrl_c_at_any_time(run: Callable[..., Run], moment: str) -> None:
    """Ctrl-C before everything is up stops what there is within five seconds too."""
    process = run()
    process.wait_for(moment)
    wait_for(lambda: moment or port_in_use(process.ports.llm), "the first service to listen")
    asked = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - asked < 5
    assert nothing_listens(process.ports)


def test_two_projects_side_by_side(run: Callable[..., Run]) -> None:
    """Two runs in two folders on other ports do not disturb each other, and one outlives the other."""
    first, second = run("one"), run("two")
    for each in (first, second):
        assert "loyalty/PointsLedger.java:" in each.wait_for("Press Ctrl-C")
    assert first.stop() == 0
    response = httpx2.post(
        f"http://127.0.0.1:{second.ports.rag}/ask", json={"question": "Who may refund?"}, timeout=30
    )
    assert response.json()["citations"]
    assert second.stop() == 0


def test_a_second_start_is_warm(run: Callable[..., Run]) -> None:
    """A second run on the same codebase finds the index and embeds nothing again."""
    first = run()
    first.wait_for("Press Ctrl-C")
    first.stop()
    second = run()
    text = second.wait_for("Press Ctrl-C")
    assert " 0 new chunks in" in text
    assert "loyalty/PointsLedger.java:" in text


@pytest.mark.parametrize(
    ("variable", "value", "service"),
    [
        ("EMBEDDING_ENGINE", "nowhere", "embedding-server"),
        ("OPENAI_BASE_URL", "not a url", "llm-server"),
        ("COLLECTION", "no good", "rag-server"),
    ],
)
def test_a_bad_setting_is_named(run: Callable[..., Run], variable: str, value: str, service: str) -> None:
    """A bad value ends the run with 1, the service and the variable's name, and nothing left running."""
    process = run(**{variable: value})
    assert process.process.wait(30) == 1
    said = process.output.read_text()
    assert f"{service} ended with exit code 2 while starting" in said
    assert f"Cannot start: {variable}: " in said
    assert "Traceback" not in said
    assert nothing_listens(process.ports)
