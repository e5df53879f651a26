"""What crosses between services can be read by anything that has pydantic."""

import subprocess
import sys

LIGHT = """
import importlib, pkgutil, sys
import code_rag.servicekit.wire as wire
for module in pkgutil.iter_modules(wire.__path__):
    importlib.import_module(f"{wire.__name__}.{module.name}")
print(*sorted({"fastapi", "starlette", "structlog", "uvicorn", "prometheus_client"} & sys.modules.keys()))
"""


def test_the_wire_needs_no_framework() -> None:
    """A command that only reads answers does not load the server's packages."""
    loaded = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
