"""HTTP clients for the system under test; nothing here knows where it runs or imports our code."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from tests.fixtures.targets import Target
from tests.fixtures.waiting import wait_for

TIMEOUT = httpx2.Timeout(60, connect=5)
LIMITS = httpx2.Limits(max_connections=64)


@pytest.fixture(scope="session")
def embedding(target: Target) -> Iterator[httpx2.Client]:
    """A client of embedding-server."""
    with httpx2.Client(base_url=target.embedding_url, timeout=TIMEOUT, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def llm(target: Target) -> Iterator[httpx2.Client]:
    """A client of llm-server."""
    with httpx2.Client(base_url=target.llm_url, timeout=TIMEOUT, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def rag(target: Target) -> Iterator[httpx2.Client]:
    """A client of rag-server, whatever the state of its index."""
    with httpx2.Client(base_url=target.rag_url, timeout=TIMEOUT, limits=LIMITS, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def indexed(rag: httpx2.Client) -> httpx2.Client:
    """A client of rag-server, once test-codebase is indexed."""
    wait_for(lambda: finished_run(rag), "the index to be complete", seconds=90)
    return rag


@pytest.fixture(params=["embedding", "llm", "rag"])
def service(request: pytest.FixtureRequest) -> httpx2.Client:
    """Each of the three services in turn."""
    client: httpx2.Client = request.getfixturevalue(request.param)
    return client


@pytest.fixture(scope="session")
def openai_embedding(target: Target) -> Iterator[OpenAI]:
    """OpenAI's own client, talking to embedding-server."""
    with _openai(target.embedding_url) as client:
        yield client


@pytest.fixture(scope="session")
def openai_llm(target: Target) -> Iterator[OpenAI]:
    """OpenAI's own client, talking to llm-server."""
    with _openai(target.llm_url) as client:
        yield client


@pytest.fixture(scope="session")
def openai_rag(target: Target, indexed: httpx2.Client) -> Iterator[OpenAI]:
    """OpenAI's own client, talking to rag-server."""
    with _openai(target.rag_url) as client:
        yield client


def _openai(url: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=60)


def finished_run(rag: httpx2.Client) -> dict[str, Any] | None:
    """The status of the index once its last run has ended well."""
    status: dict[str, Any] = rag.get("/index").json()
    return status if status["state"] == "idle" and status["finished_at"] else None


def index_again(rag: httpx2.Client) -> dict[str, Any]:
    """The status of the index after one more run, asked for once the one before has ended."""
    before = wait_for(lambda: finished_run(rag), "the index to be complete", seconds=90)["finished_at"]
    assert rag.post("/index", json={}).status_code == 202
    return wait_for(lambda: newer_run(rag, before), "another run")


def newer_run(rag: httpx2.Client, finished_at: object) -> dict[str, Any] | None:
    """The last run, once it is another one than that which ended at `finished_at`."""
    status = finished_run(rag)
    return status if status and status["finished_at"] != finished_at else None
