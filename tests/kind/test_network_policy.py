"""Which calls the cluster lets through: the arrows of the design and nothing else; the test is checked."""

from collections.abc import Iterator

import pytest

from tests.fixtures.kind_cluster import COMPONENTS, NAMESPACE, Cluster, gone, is_ready
from tests.fixtures.kind_outside import python_outside
from tests.fixtures.waiting import wait_for

PORTS = {"vector-db": 6333, "embedding-server": 8001, "llm-server": 8002, "rag-server": 8000}
ARROWS = {("rag-server", "vector-db"), ("rag-server", "embedding-server"), ("rag-server", "llm-server")}
STRANGER = "stranger"
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)"
LISTEN = """
import socket, sys, threading
servers = [socket.create_server(("0.0.0.0", int(port)), backlog=64) for port in sys.argv[1:]]
threading.Event().wait()
"""
OLLAMA, ANY_PORT = 11434, 9999
CALLERS = (STRANGER, "embedding-server", "llm-server", "rag-server", "vector-db")
PAIRS = [(caller, callee) for caller in CALLERS for callee in COMPONENTS if caller != callee]
FORBIDDEN = [pair for pair in PAIRS if pair not in ARROWS]
OPEN_EVERYTHING = {
    "metadata": {"name": "open-everything"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
}


@pytest.fixture(scope="module")
def stranger(cluster: Cluster) -> Iterator[str]:
    """A pod of the namespace that is none of ours, hardened enough to be admitted."""
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": STRANGER,
                "image": cluster.pod("llm-server").spec.containers[0].image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["sleep", "600"],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    cluster.core.create_namespaced_pod(NAMESPACE, {"metadata": {"name": STRANGER}, "spec": spec})
    try:
        wait_for(
            lambda: is_ready(cluster.core.read_namespaced_pod(STRANGER, NAMESPACE)), "the stranger to run", 60
        )
        yield STRANGER
    finally:
        cluster.core.delete_namespaced_pod(STRANGER, NAMESPACE, grace_period_seconds=0)
        wait_for(lambda: gone(cluster, STRANGER), "the stranger to be gone", 60)


def reaches(cluster: Cluster, caller: str, host: str, port: int) -> bool:
    """Whether a TCP connection from a caller's pod comes about within two seconds."""
    pod = caller if caller == STRANGER else cluster.pod(caller).metadata.name
    if caller == "vector-db":  # the official image has bash and no Python
        script = f"timeout 2 bash -c 'exec 3<>/dev/tcp/{host}/{port}'"
        return cluster.execute(pod, "bash", "-c", script)[0] == 0
    return cluster.execute(pod, "python", "-c", CONNECT, host, str(port))[0] == 0


def address(cluster: Cluster, component: str) -> str:
    """The address of a component's pod: names are another matter, for most may not even ask for one."""
    ip: str = cluster.pod(component).status.pod_ip
    return ip


@pytest.mark.parametrize(("caller", "callee"), sorted(ARROWS))
def test_an_arrow_of_the_design_is_open(cluster: Cluster, caller: str, callee: str) -> None:
    """rag-server reaches each of the three it stands on, by name."""
    assert reaches(cluster, caller, callee, PORTS[callee])


@pytest.mark.parametrize(("caller", "callee"), FORBIDDEN)
def test_any_other_call_is_refused(cluster: Cluster, stranger: str, caller: str, callee: str) -> None:
    """No other pod reaches another, not even rag-server's open port: nobody else may call out."""
    assert not reaches(cluster, caller, address(cluster, callee), PORTS[callee])


@pytest.fixture(scope="module")
def outside(cluster: Cluster) -> Iterator[str]:
    """The address of a server beyond the cluster, at Ollama's port and at one that is no one's."""
    with python_outside(cluster, LISTEN, str(OLLAMA), str(ANY_PORT)) as address:
        yield address


def test_llm_server_reaches_a_model_on_the_machine(cluster: Cluster, outside: str) -> None:
    """llm-server may call the usual port of a local model server outside the cluster."""
    wait_for(lambda: reaches(cluster, "llm-server", outside, OLLAMA), "llm-server to reach a model outside")


@pytest.mark.parametrize("caller", [each for each in CALLERS if each != "llm-server"])
def test_no_other_pod_leaves_the_cluster(cluster: Cluster, stranger: str, outside: str, caller: str) -> None:
    """What reads code that nobody vetted has nowhere to send it."""
    assert not reaches(cluster, caller, outside, OLLAMA)


def test_llm_server_leaves_by_named_ports_alone(cluster: Cluster, outside: str) -> None:
    """Not even llm-server may call any port it likes."""
    assert not reaches(cluster, "llm-server", outside, ANY_PORT)


def test_refusals_come_from_the_policies(cluster: Cluster, stranger: str, outside: str) -> None:
    """With everything opened each refused call comes about, so the refusals above prove something."""
    refused = [(caller, address(cluster, callee), PORTS[callee]) for caller, callee in FORBIDDEN]
    refused += [(caller, outside, ANY_PORT) for caller in CALLERS]
    cluster.policies.create_namespaced_network_policy(NAMESPACE, OPEN_EVERYTHING)
    try:
        for call in refused:
            wait_for(lambda it=call: reaches(cluster, *it), f"{call} while everything is open")  # type: ignore[misc]
    finally:
        cluster.policies.delete_namespaced_network_policy("open-everything", NAMESPACE)
    wait_for(lambda: not reaches(cluster, *refused[0]), "the policies to be back")
