"""`POST /mcp`: the MCP server over streamable HTTP, in rag-server's own process."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from code_rag.servicekit.errors import add_error_handlers

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

MCP_PATH = "/mcp"


class McpEndpoint:
    """An endpoint over routes of rag-server, which it calls without a socket; doors and key are around it.

    No session outlives its request, so a restart or another replica goes unnoticed. The SDK is imported at
    the first request: it takes as long as half of rag-server's start.
    """

    def __init__(self, routers: Sequence[APIRouter]) -> None:
        self._app = FastAPI(openapi_url=None)
        for router in routers:
            self._app.include_router(router)
        add_error_handlers(self._app)
        self._running: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[StreamableHTTPSessionManager] | None = None

    def router(self) -> APIRouter:
        """The route."""
        router = APIRouter()

        @router.post(MCP_PATH, include_in_schema=False, response_model=None)
        def exchange() -> Response:
            return _Exchange(self._answer)

        return router

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._ready))
        sessions = await asyncio.shield(self._ready)
        await sessions.handle_request(scope, receive, send)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Ends what runs when the service stops."""
        try:
            yield
        finally:
            if self._running:
                self._running.cancel()
                await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self, ready: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        """Serve requests until this task is cancelled; the SDK has to stop in the task that it starts in."""
        try:
            transport = httpx2.ASGITransport(app=self._app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://rag-server") as http:
                sessions = await asyncio.to_thread(_sessions, http)
                async with sessions.run():
                    ready.set_result(sessions)
                    await asyncio.Event().wait()
        except Exception as error:
            ready.set_exception(error)


class _Exchange(Response):
    """Leaves all of an exchange, reading the body included, to an ASGI app."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer."""
        await self._app(scope, receive, send)


def _sessions(http: httpx2.AsyncClient) -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from code_rag.rag_server.mcp.rag_api import RagApi
    from code_rag.rag_server.mcp.server import build_server

    return StreamableHTTPSessionManager(build_server(RagApi(http)), stateless=True)
