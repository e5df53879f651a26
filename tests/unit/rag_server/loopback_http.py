"""An HTTP server on loopback that sends exactly the bytes it is told to."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

HANG = b""
"""An answer that never comes."""

Answer = Callable[[str, bytes], bytes]
"""From a request's path and body to the bytes of the answer."""


@dataclass
class Loopback:
    """Where the server is, and what it was asked."""

    url: str = ""
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Loopback]:
    """Serve on a free port for as long as the context lasts, and until the last answer is out."""
    loopback = Loopback()
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A caller that is stopped may leave before its request is complete.
        with closing(writer), suppress(asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = re.search(r"content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            loopback.heads.append(head)
            loopback.bodies.append(body)
            reply = answer(head.split()[1], body)
            if reply == HANG:
                await reader.read()  # until the caller leaves
            writer.write(reply)
            await writer.drain()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(handle(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0)
    async with server:
        loopback.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield loopback
    await asyncio.gather(*tasks)


def http(status: int, body: str | bytes = "{}", header: str = "x-none: 1") -> bytes:
    """A whole answer."""
    content = body if isinstance(body, bytes) else body.encode()
    lines = [
        f"HTTP/1.1 {status} Because",
        f"content-length: {len(content)}",
        header,
        "connection: close",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + content


async def unused_url() -> str:
    """A URL on loopback that nobody answers at."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}"
