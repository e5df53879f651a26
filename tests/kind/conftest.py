"""The cluster under test, and clients of its services at the host ports."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.fixtures.kind_cluster import Cluster
from tests.fixtures.waiting import wait_for

RAG, EMBEDDING, LLM = (f"http://127.0.0.1:{port}" for port in (30800, 30801, 30802))
TIMEOUT = httpx2.Timeout(30, connect=5)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Live update comes last: it replaces the pods as shipped by those that reload."""
    items.sort(key=lambda item: item.path.name == "test_live_update.py")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The local cluster with every component ready."""
    running = Cluster()
    running.wait_ready()
    yield running
    running.close()


@pytest.fixture
def rag(cluster: Cluster) -> Iterator[httpx2.Client]:
    """A client of rag-server in a system that is well; connections are not kept, as pods come and go."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    with httpx2.Client(base_url=RAG, timeout=TIMEOUT, limits=limits, trust_env=False) as client:
        wait_for(lambda: whole(client), "the whole system to be well", seconds=120)
        yield client


def whole(rag: httpx2.Client) -> tuple[int, int] | None:
    """How many files and chunks can be found, once everything is well and indexed and a search proves it."""
    try:
        health, index = rag.get("/health"), rag.get("/index")
        search = rag.post("/search", json={"query": "RefundPolicy refund window"})
    except httpx2.TransportError:
        return None
    if any(answer.status_code != 200 for answer in (health, index, search)):
        return None
    status, found = index.json(), search.json()
    well = health.json()["status"] == "ok" and status["state"] == "idle" and status["finished_at"]
    if not well or found["degraded"] or not any("refunds.py" in hit["path"] for hit in found["hits"]):
        return None
    return status["searchable"]["files"], status["searchable"]["chunks"]
