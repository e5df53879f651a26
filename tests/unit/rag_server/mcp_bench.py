"""rag-server over a small indexed shop, and the SDK's own client of it over every transport."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.app import create_app
from code_rag.rag_server.composition.use_cases import Outside
from code_rag.rag_server.settings import Settings
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder
from tests.unit.rag_server.indexed import index, write
from tests.unit.rag_server.live_app import live

CODERAG = Path(sys.executable).with_name("coderag")
TRANSPORTS = ("http", "http of 2025", "stdio", "stdio of 2025")
"""The protocol is stateless since 2026; most agents still shake hands first, as it was in 2025."""
SHOP = {
    "README.md": "# Shop\n\nShop sells things for the home and the garden.\n",
    "shop/orders.py": 'def cancel(order):\n    """Give the money back to a customer."""\n    order.close()\n',
    "shop/cart.py": "from shop.orders import cancel\n\n\ndef empty(order):\n    cancel(order)\n",
}


@asynccontextmanager
async def shop(
    folder: Path, files: dict[str, str] = SHOP, chat: FakeChat | None = None, **settings: Any
) -> AsyncIterator[str]:
    """Serve an index of the files; gives the server's URL."""
    (folder / "code").mkdir()
    codebase = write(folder / "code", files)
    store = open_edge_store(folder / "index", DIMENSION)
    await index(codebase, store)
    chosen = Settings(codebase_path=(folder / "code",), **({"index_on_start": False} | settings))
    app = create_app(chosen, Outside(store, FakeEmbedder(), chat or FakeChat()))
    async with live(app) as http:
        yield str(http.base_url).rstrip("/")


@asynccontextmanager
async def agent(transport: str, url: str, *options: str, key: str = "") -> AsyncIterator[Client]:
    """The SDK's client, connected to the rag-server at `url`; `options` are those of `coderag mcp`."""
    mode = "legacy" if transport.endswith("2025") else "auto"
    if transport.startswith("stdio"):
        environment = {"RAG_SERVER_URL": url, "API_KEY": key}
        started = StdioServerParameters(command=str(CODERAG), args=["mcp", *options], env=environment)
        async with Client(started, mode=mode) as client:
            yield client
        return
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def said(client: Client, tool: str, **arguments: Any) -> tuple[str, Any]:
    """The text and the structured content of a tool's result, which must not be an error."""
    result = await client.call_tool(tool, arguments)
    (content,) = result.content
    assert content.type == "text"
    assert not result.is_error, content.text
    return content.text, result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool's result says, which must be an error."""
    result = await client.call_tool(tool, arguments)
    (content,) = result.content
    assert content.type == "text"
    assert result.is_error
    assert result.structured_content is None
    return content.text
