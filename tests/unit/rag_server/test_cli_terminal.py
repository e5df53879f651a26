"""The command coderag in a process of its own: on a pseudo-terminal, in a pipe, under Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.refund_shop import INDEXED, index_status

CODERAG = (sys.executable, "-c", "from code_rag.rag_server.cli import app; app(prog_name='coderag')")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def environment(script: Script) -> Iterator[Mapping[str, str]]:
    kept = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with running(script) as url:
        yield {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "RAG_SERVER_URL": url}


def on_terminal(environment: Mapping[str, str], *arguments: str) -> str:
    """Everything a command writes to a terminal that is its stdout and stderr."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen((*CODERAG, *arguments), stdout=theirs, stderr=theirs, env=dict(environment))
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:
        pass  # how Linux says that the last writer has closed the terminal
    finally:
        os.close(ours)
        process.wait(timeout=60)
    return written.decode()


def test_code_is_coloured_on_a_terminal(environment: Mapping[str, str]) -> None:
    """On a terminal the hits' code has syntax colours."""
    assert "\x1b[94mdef" in on_terminal(environment, "search", "x").replace(";49m", "m")


def test_no_color_means_no_escapes(environment: Mapping[str, str]) -> None:
    """NO_COLOR leaves no escape sequence in results, not even bold."""
    plain = on_terminal({**environment, "NO_COLOR": "1"}, "search", "x")
    assert "RefundPolicy.allows" in plain
    assert "\x1b" not in plain


def test_line_numbers_of_quoted_code_are_dim_on_a_terminal(
    environment: Mapping[str, str], script: Script
) -> None:
    """They are less prominent than the code, and what only looks like one outside of code is not."""
    script.answer, script.stream_tokens = "1| a\n```\n 8| x = 1\n  ⋯\n```\n2| b", False
    shown = on_terminal(environment, "ask", "x")
    assert "1| a" in shown
    assert "\x1b[2m 8| \x1b[0mx = 1" in shown
    assert "\x1b[2m  ⋯\x1b[0m" in shown
    assert "\n2| b" in shown


def test_progress_bar_on_a_terminal(environment: Mapping[str, str], script: Script) -> None:
    """On a terminal a run is a bar that is gone when the run is over."""
    script.index = [index_status("running", replace(INDEXED, pending=60)), index_status()]
    written = on_terminal(environment, "index")
    assert "120/120" in written
    assert "Indexing: " not in written
    assert "Files indexed: 24" in written.rsplit("\x1b[2K", 1)[-1]


def test_a_pipe_gets_neither_colours_nor_bars(environment: Mapping[str, str]) -> None:
    """Into a pipe goes plain text alone."""
    for arguments in (("search", "x"), ("ask", "x"), ("index",), ("status",)):
        done = subprocess.run((*CODERAG, *arguments), capture_output=True, timeout=60, env=dict(environment))
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"\x1b" not in done.stdout


def test_ctrl_c_ends_with_130_and_no_trace(environment: Mapping[str, str], script: Script) -> None:
    """Ctrl-C while the answer is written ends the command at once and quietly."""
    script.delay = 0.2
    with subprocess.Popen(
        (*CODERAG, "ask", "x"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        # A suite that a shell started in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"A"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, b"")


def test_a_closed_pipe_leaves_no_trace(environment: Mapping[str, str], script: Script) -> None:
    """A reader that has seen enough, such as `head`, ends the command without a stack trace."""
    script.hits = script.hits * 2000
    with subprocess.Popen(
        (*CODERAG, "search", "x"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
