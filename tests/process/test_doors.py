"""A service that listens on every address, and those who call it by one."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from code_rag.localstack.ports import free_ports
from tests.fixtures.targets import CLEAN_SETTINGS
from tests.fixtures.waiting import wait_for


@dataclass(frozen=True)
class Open:
    """llm-server at a port of every address of this machine, without a key."""

    port: int
    log: Path

    def status(self, address: str, **headers: str) -> int:
        """The status of a read at `address`, 0 while nobody answers."""
        try:
            url = f"http://{address}:{self.port}/v1/models"
            return httpx2.get(url, headers=headers, timeout=10, trust_env=False).status_code
        except httpx2.TransportError:
            return 0


@pytest.fixture(scope="module", params=["0.0.0.0", "::"])  # noqa: S104
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    opened = Open(free_ports().llm, tmp_path_factory.mktemp("open") / "log")
    environment = {**os.environ, **CLEAN_SETTINGS, "HOST": request.param, "PORT": str(opened.port)}
    with opened.log.open("wb") as log:
        command = [sys.executable, "-m", "code_rag.llm_server"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            address = "[::1]" if request.param == "::" else "127.0.0.1"
            wait_for(lambda: opened.status(address) or process.poll() is not None, "llm-server to answer")
            yield opened
        finally:
            process.terminate()
            process.wait(10)


def own_address(kind: socket.AddressFamily, towards: str) -> str:
    """An address of this machine that others could call; nothing is sent to find it."""
    with socket.socket(kind, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 9))
        except OSError:
            pytest.skip(f"this machine has no address in the network of {towards}")
        address: str = probe.getsockname()[0]
        return f"[{address}]" if kind is socket.AF_INET6 else address


def test_it_warns_at_the_start(service: Open) -> None:
    """The log says that no key is needed, on which address, and what to do."""
    line = next(
        line for line in service.log.read_text().splitlines() if "warning" in line and "HOST=" in line
    )
    assert "No key is needed here" in line
    assert "API_KEY" in line


def test_it_answers_at_its_own_address(service: Open, request: pytest.FixtureRequest) -> None:
    """As a kubelet probes a pod: by the address that the connection comes to, and no other as a name."""
    family, towards = (socket.AF_INET, "10.255.255.255")
    if request.node.callspec.params["service"] == "::":
        family, towards = socket.AF_INET6, "fd00::1"
    address = own_address(family, towards)
    assert service.status(address) == 200
    assert service.status(address, host="10.99.99.99") == 421
    assert service.status(address, host="evil.example") == 421


def test_it_answers_on_loopback_by_any_name_of_it(service: Open, request: pytest.FixtureRequest) -> None:
    """`localhost` and the address, at a port that a tunnel made up, of either kind of address."""
    loopback = "[::1]" if request.node.callspec.params["service"] == "::" else "127.0.0.1"
    for host in (f"{loopback}:{service.port}", f"localhost:{service.port}", "localhost:54321"):
        assert service.status(loopback, host=host) == 200


@pytest.mark.parametrize("sent", [b"", b"Host: localhost\r\nHost: evil.example\r\n"], ids=["none", "two"])
def test_no_host_and_two_are_refused(service: Open, request: pytest.FixtureRequest, sent: bytes) -> None:
    """What no honest client sends is a refusal, not a guess."""
    loopback = "::1" if request.node.callspec.params["service"] == "::" else "127.0.0.1"
    with socket.create_connection((loopback, service.port), timeout=10) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\n" + sent + b"\r\n")
        assert connection.recv(100).split()[1] in (b"421", b"400")
