"""Stacks of real processes that tests may kill, whatever `--target` says."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from local_stack import LocalStack

from tests.fixtures.targets import START_SECONDS, local_stack
from tests.fixtures.waiting import wait_for


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack that has indexed test-codebase; tests get it whole through `stack`."""
    with local_stack(tmp_path_factory.mktemp("killed")) as running:
        running.wait_ready(START_SECONDS)
        wait_indexed(running)
        yield running


@pytest.fixture
def stack(shared_stack: LocalStack) -> Iterator[LocalStack]:
    """The shared stack; whatever a test kills is started again behind it."""
    yield shared_stack
    for service in shared_stack.services.values():
        if service.exit_code() is not None:
            service.start()
    shared_stack.wait_ready(START_SECONDS)


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[[], LocalStack]]:
    """Makes a stack of the test's own, not started; what is started is stopped behind the test."""
    with ExitStack() as made:

        def make() -> LocalStack:
            fresh = local_stack(tmp_path)
            made.callback(fresh.stop)
            return fresh

        yield make


def get(stack: LocalStack, path: str) -> dict[str, Any]:
    """The JSON that rag-server gives for `path`."""
    body: dict[str, Any] = httpx2.get(f"{stack.rag_url}{path}", timeout=30).json()
    return body


def post(stack: LocalStack, path: str, **body: object) -> dict[str, Any]:
    """The JSON that rag-server gives for a body sent to `path`, which must succeed."""
    response = httpx2.post(f"{stack.rag_url}{path}", json=body, timeout=60)
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer


def wait_indexed(stack: LocalStack) -> dict[str, Any]:
    """The status of the run that ended well, once it has."""

    def finished() -> dict[str, Any] | None:
        status = get(stack, "/index")
        return status if status["state"] == "idle" and status["finished_at"] else None

    return wait_for(finished, "the index to be complete", seconds=90)
