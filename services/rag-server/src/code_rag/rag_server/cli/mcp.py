"""`coderag mcp`: the MCP server over stdin and stdout, for a coding agent that starts it."""

import asyncio

import httpx2
from mcp.server.stdio import stdio_server

from code_rag.rag_server.cli.client import address_of, authorization
from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.server import build_server
from code_rag.servicekit.network import is_loopback

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 600.0
"""A model on this machine may take minutes; the agent cancels sooner if it wants to."""


def serve(url: str, api_key: str, codebase: str) -> None:
    """Serve until stdin ends; a rag-server that is down is said by each tool, not at the start."""
    asyncio.run(_serve(url, api_key, codebase))


async def _serve(url: str, api_key: str, codebase: str) -> None:
    address = address_of(url)
    async with httpx2.AsyncClient(
        base_url=address,
        headers=authorization(api_key),
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        trust_env=not is_loopback(address.host),
    ) as http:
        server = build_server(RagApi(http, codebase))
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
