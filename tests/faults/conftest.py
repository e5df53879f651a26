"""llm-server in front of a scripted model server."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.fixtures.gateway import KEY, Gateway, gateways
from tests.fixtures.scripted_upstream import ScriptedUpstream, scripted_upstream


@pytest.fixture(scope="session")
def _upstream() -> Iterator[ScriptedUpstream]:
    with scripted_upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(_upstream: ScriptedUpstream) -> ScriptedUpstream:
    """The model server, with no script yet."""
    _upstream.reset()
    return _upstream


@pytest.fixture(scope="session")
def start(_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """Starts llm-server in front of the model server with given settings once, and gives a client of it."""
    given = {"openai_base_url": f"{_upstream.url}/v1", "openai_api_key": KEY, "model_name": "m"}
    with gateways(**given) as start_with:
        yield start_with


@pytest.fixture
def gateway(start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server as it comes, two retries included."""
    return start()


@pytest.fixture
def impatient(start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server that waits a third of a second for a first token, a pause, and a second for the whole."""
    return start(upstream_first_token_seconds=0.3, upstream_pause_seconds=0.3, upstream_answer_seconds=1)
