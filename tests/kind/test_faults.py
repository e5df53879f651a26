"""Pods are killed, the database goes away in mid-index, the node is drained: nothing is lost."""

import subprocess

import httpx2
import pytest
from kubernetes import client

from tests.fixtures.kind_cluster import COMPONENTS, NAMESPACE, ROOT, Cluster
from tests.fixtures.waiting import wait_for
from tests.kind.conftest import whole

GREEN_SECONDS = 60.0


def wait_whole(rag: httpx2.Client, indexed: tuple[int, int] | None, seconds: float = GREEN_SECONDS) -> None:
    """Return when everything is well again; as much can then be found as before."""
    assert wait_for(lambda: whole(rag), "the system to be well again", seconds) == indexed


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_killed_pod_comes_back(cluster: Cluster, rag: httpx2.Client, component: str) -> None:
    """Each component's pod may vanish without notice; all is well again within a minute."""
    indexed = whole(rag)
    uid = cluster.pod(component).metadata.uid
    cluster.delete_pod(component, grace_seconds=0)
    wait_for(lambda: cluster.renewed(component, uid), f"another {component}", GREEN_SECONDS)
    wait_whole(rag, indexed)


def test_the_database_may_vanish_while_indexing(cluster: Cluster, rag: httpx2.Client) -> None:
    """An index that is made anew, with the database killed in the midst of it, ends as complete as it was."""
    indexed = whole(rag)
    cluster.core.delete_namespaced_persistent_volume_claim("data-vector-db-0", NAMESPACE)
    restart_database(cluster)
    assert rag.post("/index", json={}).status_code == 202
    wait_for(lambda: midway(rag), "indexing to be under way")
    restart_database(cluster)
    assert rag.post("/index", json={}).status_code == 202
    wait_whole(rag, indexed, seconds=2 * GREEN_SECONDS)


def restart_database(cluster: Cluster) -> None:
    """Kill vector-db's pod and wait for another in its place."""
    uid = cluster.pod("vector-db").metadata.uid
    cluster.delete_pod("vector-db", grace_seconds=0)
    wait_for(lambda: cluster.renewed("vector-db", uid), "another vector-db", GREEN_SECONDS)


def midway(rag: httpx2.Client) -> bool:
    """Whether some files are indexed and some are not."""
    status = rag.get("/index").json()
    return bool(status["state"] == "running" and status["files"]["pending"] > 0)


def test_a_drained_node_loses_nothing(cluster: Cluster, rag: httpx2.Client) -> None:
    """No disruption budget blocks a drain, and with the node back everything is as it was."""
    indexed = whole(rag)
    (node,) = [each.metadata.name for each in cluster.core.list_node().items]
    cordon(cluster, node, True)
    try:
        names = [cluster.pod(component).metadata.name for component in COMPONENTS]
        uids = {cluster.pod(component).metadata.uid for component in COMPONENTS}
        for name in names:
            eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=name, namespace=NAMESPACE))
            cluster.core.create_namespaced_pod_eviction(name, NAMESPACE, eviction)
        wait_for(lambda: not uids & running(cluster), "every pod to have left", GREEN_SECONDS)
    finally:
        cordon(cluster, node, False)
    wait_whole(rag, indexed)


def running(cluster: Cluster) -> set[str]:
    """The uids of all pods in the namespace."""
    return {pod.metadata.uid for pod in cluster.core.list_namespaced_pod(NAMESPACE).items}


def cordon(cluster: Cluster, node: str, closed: bool) -> None:
    """Close a node to new pods, or open it."""
    cluster.core.patch_node(node, {"spec": {"unschedulable": closed}})


@pytest.mark.parametrize("fault", ["pause", "stop"])
def test_a_sleeping_node_is_woken(rag: httpx2.Client, fault: str) -> None:
    """`make kind-up` wakes a cluster that was paused (a laptop's sleep) or stopped (Docker's restart)."""
    indexed = whole(rag)
    subprocess.run(["docker", fault, "code-rag-control-plane"], check=True, capture_output=True, timeout=60)
    up = subprocess.run([ROOT / "scripts/kind/up.sh"], capture_output=True, text=True, timeout=180)
    assert up.returncode == 0, up.stderr
    wait_whole(rag, indexed, seconds=2 * GREEN_SECONDS)
