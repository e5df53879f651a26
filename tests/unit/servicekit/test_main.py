"""What `python -m code_rag.<service>` does before it serves."""

import os
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
