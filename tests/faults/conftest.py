"""llm-server in front of a scripted model server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fixtures.gateway import KEY, Gateway, gateways, restore
from tests.fixtures.hand_clock import HandClock
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
    given: dict[str, Any] = {
        "openai_base_url": f"{_upstream.url}/v1",
        "openai_api_key": KEY,
        "model_name": "m",
    }
    with gateways(**given) as start_with:
        yield start_with


@pytest.fixture
def gateway(start: Gateway, upstream: ScriptedUpstream) -> Iterator[httpx2.Client]:
    """llm-server as it comes, two retries included."""
    client = start()
    yield client
    restore(client, upstream)


@pytest.fixture
def impatient(start: Gateway, upstream: ScriptedUpstream) -> Iterator[httpx2.Client]:
    """llm-server that waits a third of a second for a first token, a pause, and a second for the whole."""
    client = start(upstream_first_token_seconds=0.3, upstream_pause_seconds=0.3, upstream_answer_seconds=1)
    yield client
    restore(client, upstream)


@pytest.fixture
def clock() -> HandClock:
    """Seconds, by which `pair` has servers rest."""
    return HandClock()


@pytest.fixture(scope="session")
def _spare() -> Iterator[ScriptedUpstream]:
    with scripted_upstream() as upstream:
        yield upstream


@pytest.fixture
def spare(_spare: ScriptedUpstream) -> ScriptedUpstream:
    """The model server to fall back to, with no script yet."""
    _spare.reset()
    return _spare


MODELS = """
[models.main]
base_url = "{main}/v1"
model = "main-at-server"
context_tokens = 8000
fallbacks = ["spare"]

[models.spare]
base_url = "{spare}/v1"
model = "spare-at-server"
context_tokens = 32000
"""


@pytest.fixture
def pair(
    upstream: ScriptedUpstream, spare: ScriptedUpstream, clock: HandClock, tmp_path: Path
) -> Iterator[httpx2.Client]:
    """llm-server with two models, `main` that falls back to `spare`; 0.3 s for a first token and a pause."""
    file = tmp_path / "models.toml"
    file.write_text(MODELS.format(main=upstream.url, spare=spare.url))
    limits: dict[str, Any] = {"upstream_first_token_seconds": 0.3, "upstream_pause_seconds": 0.3}
    with gateways(clock, llm_models=file, **limits) as start_with:
        yield start_with()


Start = Callable[..., httpx2.Client]


@pytest.fixture
def routed(upstream: ScriptedUpstream, spare: ScriptedUpstream, tmp_path: Path) -> Iterator[Start]:
    """Starts llm-server with the text of a file, in which MAIN and SPARE are the servers, and settings."""
    with gateways() as start:

        def start_with(text: str, **settings: object) -> httpx2.Client:
            file = tmp_path / "models.toml"
            file.write_text(text.replace("MAIN", upstream.url).replace("SPARE", spare.url))
            return start(llm_models=file, **settings)

        yield start_with
