"""A real process whose engine hangs."""

import json
import subprocess
import sys

import httpx2

from code_rag.embedding_server.opening import EXIT_CODE
from code_rag.localstack.ports import unused_ports
from tests.fixtures.waiting import wait_for
from tests.unit.embedding_server.conftest import ROOT


def status(url: str) -> int:
    """The status of `/health`; 0 while nothing answers."""
    try:
        return httpx2.get(f"{url}/health").status_code
    except httpx2.TransportError:
        return 0


def test_the_process_ends_and_says_why() -> None:
    """Who waits gets a 503 with the reason, then the process ends with its exit code, which it logs."""
    (port,) = unused_ports(1)
    command = [sys.executable, "-m", "tests.unit.embedding_server.hanging_service", str(port)]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: status(url) == 200, "the service to be ready")
            answer = httpx2.post(f"{url}/embed", json={"text": "waits"}, timeout=30)
            assert answer.status_code == 503
            assert "has not ended within" in answer.json()["error"]["message"]
            _, log = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == EXIT_CODE
    said = [json.loads(line) for line in log.splitlines()]
    assert [entry["exit_code"] for entry in said if entry["level"] == "critical"] == [EXIT_CODE]
