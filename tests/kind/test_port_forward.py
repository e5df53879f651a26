"""`kubectl port-forward`, the way in that needs no host port of the cluster's."""

import re
import subprocess
from collections.abc import Iterator

import httpx2
import pytest

from tests.fixtures.kind_cluster import CONTEXT, KUBECONFIG, NAMESPACE, OWN, Cluster

PORTS = {"rag-server": 8000, "embedding-server": 8001, "llm-server": 8002}


@pytest.fixture(params=OWN)
def forwarded(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A service's name and the local address that kubectl forwards to it."""
    access = ("--kubeconfig", str(KUBECONFIG), "--context", CONTEXT, "--namespace", NAMESPACE)
    command = ["kubectl", *access, "port-forward", f"service/{request.param}", f":{PORTS[request.param]}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as kubectl:
        assert kubectl.stdout
        line = kubectl.stdout.readline()
        found = re.search(r"127\.0\.0\.1:\d+", line)
        try:
            assert found, line
            yield request.param, f"http://{found[0]}"
        finally:
            kubectl.terminate()


def test_a_forwarded_port_leads_to_the_service(forwarded: tuple[str, str]) -> None:
    """The network policies let kubectl's own way in through, at each of our services."""
    service, url = forwarded
    answer = httpx2.get(f"{url}/health", timeout=10, trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["service"] == service
