"""The real model's files, a client of an app around a fake engine, and waiting inside an event loop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.engines.base import Engine
from code_rag.embedding_server.engines.onnx import OnnxEngine
from code_rag.embedding_server.model_files import resolve
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.model_sources import Sources
from tests.fixtures.scripted_upstream import ScriptedUpstream, scripted_upstream
from tests.fixtures.waiting import wait_for
from tests.unit.embedding_server.embeddings_upstream import MODEL, Start, embeddings, listing, settings_for
from tests.unit.embedding_server.fake_engine import FakeEngine

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def default_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the caller's shell holds, settings are the defaults unless a test says otherwise."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The model's files in the cache, where `make test` has put them."""
    return resolve(MINILM, Sources(ROOT / ".data/models", hub=None)).path


@pytest.fixture(scope="session")
def onnx_engine(model_folder: Path) -> OnnxEngine:
    """The real model on one thread, so that the suite leaves the others alone."""
    return OnnxEngine(MINILM.name, str(model_folder), threads=1)


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    """An engine without a model, whose gate is open at the end whatever the test did."""
    engine = FakeEngine()
    yield engine
    engine.gate.set()


@contextmanager
def serving(engine: Engine, **settings: object) -> Iterator[TestClient]:
    """A client of a ready service around `engine`; keyword arguments become settings."""
    app = create_app(Settings(**settings), load=lambda _: engine)  # type: ignore[arg-type]
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        wait_for(lambda: client.get("/health").status_code == 200, "the service to be ready")
        yield client


@pytest.fixture
def client(fake: FakeEngine) -> Iterator[TestClient]:
    """A client of a ready service around the fake engine."""
    with serving(fake) as ready:
        yield ready


async def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Let the event loop run until `condition` holds; fail naming `what` when it does not in time."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 – conditions are of code that signals no event
                await asyncio.sleep(0.001)
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s in vain for {what}") from None


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    """A server that embeds as its script says; it lists a limit of 64 tokens."""
    with scripted_upstream() as server:
        server.models = listing(id=MODEL, max_model_len=64)
        server.replies = [embeddings(1)]
        yield server


@pytest.fixture
def start(upstream: ScriptedUpstream) -> Iterator[Start]:
    """A client of a ready embedding-server in front of `upstream`; keyword arguments become settings."""
    with ExitStack() as stack:

        def started(**settings: Any) -> TestClient:
            app = create_app(settings_for(upstream, **settings), retry_seconds=0.01)
            client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
            stack.enter_context(client)
            wait_for(lambda: client.get("/health").status_code == 200, "the service to be ready")
            upstream.seen.clear()
            return client

        yield started
