"""What `python -m code_rag.<service>` does before it serves."""

import os
import socket
import subprocess
import sys

import pytest

from code_rag.servicekit.main import reload_requested
from code_rag.servicekit.settings import ServiceSettings


@pytest.mark.parametrize(
    "value", ["", "0", "1", "true", "false", "False", "off", "on", "no", "n", "yes", "f"]
)
def test_reload_is_read_as_the_settings_read_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """No value turns the reloader on and the services' own setting off, or the other way round."""
    monkeypatch.setenv("RELOAD", value)
    assert reload_requested() == ServiceSettings(port=1).reload


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"LOG_LEVEL": "loud"}, 2, "Cannot start: LOG_LEVEL: "),
        (
            {"REQUIRE_KEY": "1", "API_KEY": ""},
            2,
            "Cannot start: REQUIRE_KEY: Value error, no API_KEY is set. ",
        ),
        ({"RELOAD": "1", "PORT": ""}, 1, "RELOAD=1 requires PORT"),
    ],
)
def test_a_service_that_cannot_start_says_why(environment: dict[str, str], code: int, said: str) -> None:
    """One sentence on stderr, no trace, and an exit code of its own."""
    command = [sys.executable, "-m", "code_rag.llm_server"]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


def test_the_reason_of_a_failed_start_is_the_last_thing_said() -> None:
    """Where the port is taken, the last line has the address and what to do, not what the shutdown says."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "code_rag.llm_server"]
        environment = os.environ | {"PORT": port, "HOST": "127.0.0.1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"Cannot start: it cannot listen at 127.0.0.1:{port} (")
    assert last.endswith("Stop what listens there, or set another HOST or PORT.")
