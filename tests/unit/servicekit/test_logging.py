"""Log lines are for people on a laptop and for machines elsewhere, and hold no secret."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import sys, logging, structlog
from code_rag.servicekit.logging import configure_logging
configure_logging("shop", "info", sys.argv[1])
structlog.get_logger("orders").info("order placed", number=7)
logging.getLogger("a.library").warning("half %s", "full")
structlog.get_logger("orders").debug("not at this level")
try:
    secret = "sk-never-shown"
    1 / 0
except ZeroDivisionError as error:
    structlog.get_logger("orders").error("failed", exc_info=error)
"""


def logged(environment: str) -> str:
    """What a process writes to stderr where that is no terminal."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, environment], capture_output=True, text=True, check=True
    )
    return done.stderr


def test_production_logs_one_json_object_a_line() -> None:
    """Our own lines and a library's have level, time and service; those below the level are left out."""
    first, second, third = (json.loads(line) for line in logged("production").splitlines())
    assert (first["event"], first["number"], first["level"]) == ("order placed", 7, "info")
    assert (second["event"], second["level"], second["service"]) == ("half full", "warning", "shop")
    assert "ZeroDivisionError" in third["exception"]
    assert first["timestamp"].endswith("Z")


def test_a_laptop_logs_plain_text_where_there_is_no_terminal() -> None:
    """No colour codes in a file."""
    text = logged("local")
    assert "order placed" in text
    assert "ZeroDivisionError" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("environment", ["local", "production"])
def test_a_trace_shows_no_local_variable(environment: str) -> None:
    """Values of variables, keys among them, stay out of the log."""
    assert "sk-never-shown" not in logged(environment)
