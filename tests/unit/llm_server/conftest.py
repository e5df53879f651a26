"""A scripted model server, and llm-server in front of it, both on loopback."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.fixtures.gateway import KEY, Gateway, gateways, restore
from tests.fixtures.package_index import only_packages_in
from tests.fixtures.scripted_upstream import ScriptedUpstream, scripted_upstream
from tests.unit.llm_server.fake_model_hub import FakeModelHub, fake_model_hub
from tests.unit.llm_server.gguf_files import CONTENT, PATH


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
def start() -> Iterator[Gateway]:
    """Starts llm-server with the given settings once, and gives a client of it."""
    with gateways() as start_with:
        yield start_with


@pytest.fixture
def gateway(start: Gateway, upstream: ScriptedUpstream) -> Iterator[httpx2.Client]:
    """llm-server in front of the fake, which it asks once more after a failure."""
    client = start(
        openai_base_url=f"{upstream.url}/v1",
        openai_api_key=KEY,
        model_name="house-model",
        upstream_max_retries=1,
    )
    yield client
    restore(client, upstream)


@pytest.fixture
def impatient(start: Gateway, upstream: ScriptedUpstream) -> Iterator[httpx2.Client]:
    """llm-server that waits no longer than 0.2 s for the fake."""
    client = start(
        openai_base_url=f"{upstream.url}/v1",
        upstream_first_token_seconds=0.2,
        upstream_pause_seconds=0.2,
        upstream_answer_seconds=0.2,
        upstream_max_retries=2,
    )
    yield client
    restore(client, upstream)


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


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip finds packages in, instead of any index; empty at first."""
    return only_packages_in(tmp_path / "packages", monkeypatch)


@pytest.fixture
def hub() -> Iterator[FakeModelHub]:
    """A hub that has the file."""
    with fake_model_hub(PATH, CONTENT) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that is not there yet."""
    return tmp_path / "cache"
