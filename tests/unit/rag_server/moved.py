"""rag-server over its own embedded store and an embedding-server, in the tests of what follows the model."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from typer.testing import CliRunner

from code_rag.rag_server.adapters.edge_catalog import EdgeCatalog
from code_rag.rag_server.app import create_app
from code_rag.rag_server.cli import app
from code_rag.rag_server.fingerprint import gives
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.settings import Settings
from tests.unit.rag_server.embedding_loopback import vector_by
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.live_app import live
from tests.unit.rag_server.loopback_http import unused_url

QUERY = {"query": "cancel an order"}
T = TypeVar("T")


@dataclass
class Rag:
    """A running rag-server."""

    client: httpx2.AsyncClient

    async def search(self) -> dict[str, Any]:
        """What a search for QUERY gives."""
        found: dict[str, Any] = (await self.client.post("/search", json=QUERY)).json()
        return found

    async def cosine(self) -> float | None:
        """How near the best hit is by its vector; None where words alone have found it."""
        hits = (await self.search())["hits"]
        return hits[0]["cosine"] if hits else None

    async def status(self) -> dict[str, Any]:
        """What GET /index says."""
        status: dict[str, Any] = (await self.client.get("/index")).json()
        return status

    async def check(self, name: str = "index") -> dict[str, str]:
        """What /health says of one part."""
        check: dict[str, str] = (await self.client.get("/health")).json()["checks"][name]
        return check

    async def shown(self) -> str:
        """What `coderag status` prints."""
        settings = {"RAG_SERVER_URL": str(self.client.base_url), "API_KEY": "", "NO_COLOR": "1"}
        result = await asyncio.to_thread(CliRunner().invoke, app, ["status"], env=settings)
        return result.stdout

    async def moved_to(self, model: EmbeddingModel) -> dict[str, Any]:
        """The status once this model's index is the one that is searched, by its vectors."""

        async def moved() -> dict[str, Any] | None:
            status = await self.status()
            is_searched = status["model"]["fingerprint"] == model.fingerprint and not status["next"]
            return status if is_searched and await self.cosine() is not None else None

        return await until(moved)


async def until(ask: Callable[[], Awaitable[T | None]], seconds: float = 20) -> T:
    """What `ask` gives as soon as it gives something."""
    async with asyncio.timeout(seconds):
        while not (found := await ask()):  # noqa: ASYNC110 – over HTTP nothing tells of it
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def rag_server(folder: Path, embedding_url: str, **settings: Any) -> AsyncIterator[Rag]:
    """rag-server of the codebase in `folder`."""
    chosen: dict[str, Any] = {
        "codebase_path": folder / "code",
        "data_dir": folder / "index",
        "embedding_server_url": embedding_url,
        "llm_server_url": await unused_url(),
    }
    async with live(create_app(Settings(**chosen | settings))) as client:
        yield Rag(client)


class Made(FakeEmbedder):
    """Gives the vectors that a model gives, without a server."""

    async def embed(self, texts: Any, *, background: bool = False) -> Any:
        """One vector per text."""
        return [vector_by(self.model, text) for text in texts]


async def is_pure(folder: Path, model: EmbeddingModel) -> bool:
    """Whether the index of a model has vectors, and each is the one that it gives the chunk's text."""
    catalog = EdgeCatalog(folder / "index", "code")
    store, embedder = catalog.open(model), Made(model=model)
    chunks = await store.stored_chunks(list(await store.counts()))
    vectors = await store.vectors([chunk.id for chunk in chunks])
    same = [await gives(embedder, chunk.text, vectors[chunk.id]) for chunk in chunks if chunk.id in vectors]
    await catalog.close()
    return bool(same) and all(same)
