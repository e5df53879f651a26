"""Stacks of real processes that tests may kill, whatever `--target` says."""

from collections.abc import Iterator

import httpx2
import pytest

from code_rag.localstack.processes import LocalStack
from tests.fixtures.targets import START_SECONDS, local_stack
from tests.fixtures.waiting import wait_for


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack that has indexed test-codebase; tests get it whole through `stack`."""
    with local_stack(tmp_path_factory.mktemp("killed")) as running:
        running.wait_ready(START_SECONDS)
        with httpx2.Client(base_url=running.rag_url) as client:
            wait_for(
                lambda: client.get("/index").json()["finished_at"], "the index to be complete", seconds=90
            )
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
def rag(stack: LocalStack) -> Iterator[httpx2.Client]:
    """A client of the shared stack's rag-server."""
    with httpx2.Client(base_url=stack.rag_url, timeout=60) as client:
        yield client
