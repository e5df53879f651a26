"""Fakes of the three services that the launcher starts instead of the real ones."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGES = ("embedding_server", "llm_server", "rag_server")
REST_IS_REAL = "from pkgutil import extend_path\n\n__path__ = extend_path(__path__, __name__)\n"
"""The launcher imports the real CLI; only what `python -m` starts is a fake."""
Fakes = Callable[..., dict[str, str]]


@pytest.fixture
def fakes(tmp_path: Path) -> Fakes:
    """Makes the fakes, `fakes(llm_server="exits")`, and gives the environment in which Python finds them."""

    def make(**modes: str) -> dict[str, str]:
        source = Path(__file__).with_name("fake_service.py").read_text()
        for package in PACKAGES:
            folder = tmp_path / "fakes" / "code_rag" / package
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").write_text(REST_IS_REAL)
            (folder / "__main__.py").write_text(source)
            (folder / "mode").write_text(modes.get(package, "well"))
        return {"PYTHONPATH": str(tmp_path / "fakes")}

    return make


def runs(pid: int) -> bool:
    """Whether a process with this id is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
