"""Schemathesis, with all its checks, finds nothing: it makes requests from each service's own document."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.schema.conftest import Service

SETTINGS = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
EXAMPLES = 8
SECONDS = 120


@pytest.mark.timeout(20 * SECONDS)
def test_a_service_does_what_its_document_says(service: Service, times: int, tmp_path: Path) -> None:
    """No server error, no undocumented answer, no request accepted or refused against it, no open door."""
    command = [SCHEMATHESIS, "--config-file", str(SETTINGS), "--no-color", "run"]
    command += [f"{service.url}/openapi.json", "--checks", "all", "--seed", "15"]
    command += ["--max-examples", str(EXAMPLES * times)]
    for name, value in service.headers.items():
        command += ["--header", f"{name}:{value}"]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={"NO_PROXY": "*", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SECONDS * times,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^ +\d{3,} generated, ", run.stdout, re.MULTILINE), run.stdout
