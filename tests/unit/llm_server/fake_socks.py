"""A SOCKS5 proxy on loopback that connects every name to one server."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

REPLY = b"\x05\x00\x00\x01" + bytes(6)  # succeeded, bound to 0.0.0.0:0


class FakeSocks:
    """Leads each connection to `port` on this machine and keeps the names it was asked for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.url = ""
        self.asked: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: the greeting, the request by host name (RFC 1928), then bytes both ways."""
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        *_, length = await reader.readexactly(5)
        name = await reader.readexactly(length)
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        self.asked.append(f"{name.decode()}:{port}")
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(REPLY)
        await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        while piece := await reader.read(65536):
            writer.write(piece)


@asynccontextmanager
async def serving_socks(port: int) -> AsyncIterator[FakeSocks]:
    """A proxy to `port`, on a free port."""
    proxy = FakeSocks(port)
    server = await asyncio.start_server(proxy.handle, "127.0.0.1")
    proxy.url = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy
