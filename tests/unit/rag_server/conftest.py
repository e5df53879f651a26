"""What several of rag-server's tests start from."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from code_rag.rag_server import watching
from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_server import ServerStore, connect
from code_rag.rag_server.ports import VectorStore
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.fakes import DIMENSION, local_qdrant
from tests.unit.rag_server.live_app import a_codebase, an_app, live
from tests.unit.rag_server.watched_bench import LONG_SECONDS, WatchedBench, watched


@pytest.fixture
def coderag(tmp_path: Path) -> Iterator[Coderag]:
    """The command, and the server that it asks."""
    script = Script()
    with running(script) as url:
        yield Coderag(script, url, tmp_path / "state")


@pytest.fixture
def codebase(tmp_path: Path) -> Path:
    """A small codebase."""
    return a_codebase(tmp_path / "code")


@pytest.fixture
async def client(codebase: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of rag-server over fakes that all work."""
    async with live(an_app(codebase)) as http:
        yield http


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[VectorStore]:
    """The embedded store."""
    store = open_edge_store(tmp_path / "index", DIMENSION)
    yield store
    await store.close()


@pytest.fixture
async def server() -> AsyncIterator[VectorStore]:
    """A collection of the Qdrant behind TEST_VECTOR_DB_URL, or of qdrant-client's local mode."""
    url = os.environ.get("TEST_VECTOR_DB_URL")
    client = connect(url, os.environ.get("TEST_VECTOR_DB_API_KEY")) if url else local_qdrant()
    collection = f"test-{uuid.uuid4().hex}"
    store = ServerStore(client, collection, DIMENSION, page=100)  # so that listings have several
    yield store
    await client.delete_collection(collection)
    await store.close()


@pytest.fixture(params=["edge", "server"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    """Each of the two stores, one after the other."""
    found: VectorStore = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def events_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WatchedBench]:
    """What changes is found by events: nothing is compared by itself."""
    monkeypatch.setattr(watching, "SHORTEST_PAUSE_SECONDS", LONG_SECONDS)
    async with watched(tmp_path) as made:
        yield made


@pytest.fixture
async def compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WatchedBench]:
    """What changes is found by comparing, soon: no events come."""
    monkeypatch.setattr(watching, "SHORTEST_PAUSE_SECONDS", 0.02)
    async with watched(tmp_path) as made:
        yield made
