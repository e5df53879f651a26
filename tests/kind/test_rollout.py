"""New versions and new settings, while clients keep calling."""

import time

import httpx2
import pytest

from tests.fixtures.kind_cluster import NAMESPACE, OWN, Cluster
from tests.fixtures.kind_traffic import Traffic
from tests.fixtures.waiting import wait_for
from tests.kind.conftest import EMBEDDING, LLM, RAG, whole

ADDRESSES = {"embedding-server": EMBEDDING, "llm-server": LLM, "rag-server": RAG}


@pytest.mark.parametrize("component", OWN)
def test_a_rollout_fails_no_request(cluster: Cluster, component: str) -> None:
    """While a component's pod is replaced, every single request to it is answered."""
    uid = cluster.pod(component).metadata.uid
    with Traffic(ADDRESSES[component], "/health") as traffic:
        cluster.change(component, {"metadata": {"annotations": {"rolled": str(time.time())}}})
        wait_for(lambda: cluster.renewed(component, uid), f"another {component}", 90)
        traffic.wait_for_more(20)
    assert traffic.failures == []


def test_a_pod_without_its_model_gets_no_traffic(cluster: Cluster, rag: httpx2.Client) -> None:
    """An encoder that finds no model is not ready: its rollout stops, and the old pod goes on serving."""
    old = cluster.pod("embedding-server").metadata.name
    cluster.set_variable("embedding-server", {"name": "MODEL_DIR", "value": "/nowhere"})
    try:
        wait_for(lambda: len(cluster.pods("embedding-server")) == 2, "a second encoder")
        (new,) = [pod for pod in cluster.pods("embedding-server") if pod.metadata.name != old]
        wait_for(lambda: has_started_once(cluster, new.metadata.name), "the second encoder to have run", 60)
        assert cluster.endpoints("embedding-server") == {old}
        with Traffic(EMBEDDING, "/health") as traffic:
            traffic.wait_for_more(20)
        assert traffic.failures == []
    finally:
        cluster.set_variable("embedding-server", {"name": "MODEL_DIR", "$patch": "delete"})
    cluster.wait_ready(["embedding-server"])
    assert whole(rag)


def has_started_once(cluster: Cluster, pod: str) -> bool:
    """Whether a pod's container runs, or has run and ended."""
    (status,) = cluster.core.read_namespaced_pod(pod, NAMESPACE).status.container_statuses or [None]
    return status is not None and (status.started is not None or status.restart_count > 0)
