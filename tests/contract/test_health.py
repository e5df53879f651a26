"""Every service says how it is, in the same words."""

import httpx2

SERVICES = {"embedding-server", "llm-server", "rag-server"}


def test_health_is_ok_or_degraded_and_says_why(service: httpx2.Client) -> None:
    """`/health` answers 200 with the service's name, version, state and one verdict per check."""
    response = service.get("/health")
    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"status", "service", "version", "checks"}
    assert body["service"] in SERVICES
    assert body["status"] in {"ok", "degraded"}
    assert body["version"]
    assert all(set(check) == {"status", "detail"} for check in body["checks"].values())


def test_health_is_the_worst_of_its_checks(service: httpx2.Client) -> None:
    """A service is `ok` exactly when all its checks are."""
    body = service.get("/health").json()
    all_ok = all(check["status"] == "ok" for check in body["checks"].values())
    assert (body["status"] == "ok") == all_ok


def test_rag_server_checks_what_it_stands_on(indexed: httpx2.Client) -> None:
    """rag-server's health names the vector store, both services behind it and its index, all well."""
    body = indexed.get("/health").json()
    assert set(body["checks"]) == {"vector-db", "embedding-server", "llm-server", "index"}
    assert body["status"] == "ok", body


def test_livez_says_alive(service: httpx2.Client) -> None:
    """`/livez` answers 200 without looking at anything else."""
    response = service.get("/livez")
    assert response.status_code == 200
    assert response.json()["status"] == "alive"


def test_each_service_answers_under_its_own_name(
    embedding: httpx2.Client, llm: httpx2.Client, rag: httpx2.Client
) -> None:
    """The three addresses lead to three different services."""
    assert [client.get("/livez").json()["service"] for client in (embedding, llm, rag)] == [
        "embedding-server",
        "llm-server",
        "rag-server",
    ]
