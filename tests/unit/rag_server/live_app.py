"""rag-server over fakes, on loopback, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from code_rag.rag_server.app import create_app
from code_rag.rag_server.composition.use_cases import Outside
from code_rag.rag_server.settings import Settings
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_candidate, a_chunk
from tests.unit.rag_server.fakes import FakeEmbedder

ORDERS = a_chunk(text="def cancel(order):\n    return order", symbol="cancel")


def a_codebase(folder: Path) -> Path:
    """A folder that holds the file ORDERS is a chunk of, and a secret."""
    file = folder / ORDERS.path
    file.parent.mkdir(parents=True)
    file.write_text(ORDERS.text + "\n")
    (folder / ".env").write_text("API_KEY=abc")
    return folder


def an_app(
    codebase: Path,
    store: FakeStore | None = None,
    embedder: FakeEmbedder | None = None,
    chat: FakeChat | None = None,
    folders: Sequence[Path] = (),
    **settings: Any,
) -> FastAPI:
    """rag-server over a store that finds ORDERS, unless other fakes are given; no run starts by itself.

    With `folders` there are more codebases than the first.
    """
    return create_app(
        Settings(codebase_path=(codebase, *folders), **({"index_on_start": False} | settings)),
        Outside(
            store or FakeStore([a_candidate(ORDERS, bm25=3.0, cosine=0.9)]),
            embedder or FakeEmbedder(),
            chat or FakeChat(),
        ),
    )


@asynccontextmanager
async def live(app: FastAPI, **client: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve `app` on a free port for as long as the context lasts; gives a client of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=10, **client) as http:
                yield http
        finally:
            server.should_exit = True
            await serving
