"""Clients of the stack in containers."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.fixtures.docker_compose import SERVICES, ComposeStack
from tests.fixtures.waiting import wait_for


@pytest.fixture(scope="session")
def rag(docker_compose_up: ComposeStack) -> Iterator[httpx2.Client]:
    """A client of rag-server, once test-codebase is indexed; no answer may take longer than 10 s."""
    with httpx2.Client(base_url=docker_compose_up.target.rag_url, timeout=10, trust_env=False) as client:
        wait_for(lambda: finished(client), "the first index", seconds=90)
        yield client


def finished(rag: httpx2.Client) -> dict[str, Any] | None:
    """The status of the index once its last run has ended."""
    status: dict[str, Any] = rag.get("/index").raise_for_status().json()
    return status if status["state"] == "idle" and status["finished_at"] else None


@pytest.fixture
def reindex(rag: httpx2.Client) -> Callable[[], dict[str, Any]]:
    """Runs the index once more and returns how it ended."""

    def run() -> dict[str, Any]:
        before = rag.get("/index").json()["finished_at"]
        rag.post("/index", json={}).raise_for_status()
        ended = wait_for(
            lambda: (s := finished(rag)) and s["finished_at"] != before and s, "another index run", 60
        )
        assert isinstance(ended, dict)
        return ended

    return run


@pytest.fixture(params=SERVICES)
def each_service(request: pytest.FixtureRequest) -> str:
    """The name of each of the four services in turn."""
    return str(request.param)
