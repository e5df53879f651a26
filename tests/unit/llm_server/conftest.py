"""A scripted model server, and llm-server in front of it, both on loopback."""

import socket
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
    with scripted_upstream() as fake:
        yield fake


@pytest.fixture
def upstream(_upstream: ScriptedUpstream) -> ScriptedUpstream:
    """The fake model server, with no replies yet and nothing seen."""
    _upstream.reset()
    return _upstream


@pytest.fixture(scope="session")
def start(_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """Starts llm-server with the given settings once, and gives a client of it."""
    running: dict[str, httpx2.Client] = {}
    with ExitStack() as stack:

        def start_with(**settings: object) -> httpx2.Client:
            name = repr(settings)
            if name not in running:
                url = stack.enter_context(serving(create_app(Settings.model_validate(settings))))
                running[name] = stack.enter_context(httpx2.Client(base_url=url, timeout=30))
            return running[name]

        yield start_with


@pytest.fixture
def gateway(start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server in front of the fake, which it asks once more after a failure."""
    return start(
        openai_base_url=f"{upstream.url}/v1",
        openai_api_key=KEY,
        model_name="house-model",
        upstream_max_retries=1,
    )


@pytest.fixture
def impatient(start: Gateway, upstream: ScriptedUpstream) -> httpx2.Client:
    """llm-server that waits no longer than 0.2 s for the fake."""
    return start(
        openai_base_url=f"{upstream.url}/v1",
        upstream_first_token_seconds=0.2,
        upstream_pause_seconds=0.2,
        upstream_answer_seconds=0.2,
        upstream_max_retries=2,
    )


@pytest.fixture
def offline(start: Gateway) -> httpx2.Client:
    """llm-server without a language model."""
    return start()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections for as long as the test runs."""
    with socket.socket() as bound_but_not_listening:
        bound_but_not_listening.bind(("127.0.0.1", 0))
        yield bound_but_not_listening.getsockname()[1]
