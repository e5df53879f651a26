"""llm-server in front of a scripted model server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from code_rag.llm_server.app import create_app
from code_rag.llm_server.settings import Settings
from tests.fixtures.scripted_upstream import ScriptedUpstream, scripted_upstream
from tests.fixtures.serving import serving

KEY = "sk-gateway-0123456789"
Gateway = Callable[..., httpx2.Client]


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
    running: dict[str, httpx2.Client] = {}
    with ExitStack() as stack:

        def start_with(**settings: object) -> httpx2.Client:
            name = repr(settings)
            if name not in running:
                given = {"openai_base_url": f"{_upstream.url}/v1", "openai_api_key": KEY, "model_name": "m"}
                app = create_app(Settings.model_validate(given | settings))
                url = stack.enter_context(serving(app))
                running[name] = stack.enter_context(httpx2.Client(base_url=url, timeout=30))
            return running[name]

        yield start_with


@pytest.fixture
def gateway(start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server as it comes, two retries included."""
    return start()


@pytest.fixture
def impatient(start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server that waits a third of a second for a first token, a pause, and a second for the whole."""
    return start(upstream_first_token_seconds=0.3, upstream_pause_seconds=0.3, upstream_answer_seconds=1)
