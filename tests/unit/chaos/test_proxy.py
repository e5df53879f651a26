"""The proxy passes on, slows and withholds, and lets go when either side ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.place import set_weather
from tests.chaos.proxy import DELAY_SECONDS, Route, Weather, converse


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


class Way:
    """The way over a proxy to a server."""

    def __init__(self, folder: Path, to: tuple[str, int]) -> None:
        self.folder = folder
        self.route = Route("way", ("127.0.0.1", 0), to)
        self.port = 0
        self._carried: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Way":
        self._proxy = await asyncio.start_server(self._carry, *self.route.listen)
        self.port = self._proxy.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._proxy.close()
        await self._proxy.wait_closed()
        await asyncio.gather(*self._carried)

    def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = converse(reader, writer, self.route, Weather(self.folder))
        self._carried.append(asyncio.create_task(carrying))

    async def ask(self, text: bytes) -> bytes:
        """What comes back for a line, on a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text)
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Way]:
    """To a server that returns each line."""
    echo = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with echo, Way(tmp_path, echo.sockets[0].getsockname()) as way:
        yield way


def test_a_route_is_read() -> None:
    """A name, where to listen and where that leads."""
    assert Route.parse("a=0.0.0.0:1=b:2") == Route("a", ("0.0.0.0", 1), ("b", 2))  # noqa: S104


async def test_good_weather_passes_on(way: Way) -> None:
    """Without a word about a route, bytes come back."""
    assert await way.ask(b"x\n") == b"x\n"


async def test_slow_is_late(way: Way) -> None:
    """Each way takes its time; the bytes are the same."""
    set_weather(way.folder, "way", "slow")
    clock = asyncio.get_running_loop().time
    began = clock()
    assert await way.ask(b"x\n") == b"x\n"
    assert clock() - began >= 2 * DELAY_SECONDS


async def test_disconnected_comes_later(way: Way) -> None:
    """Nothing comes through until the network is back; then what was sent does."""
    set_weather(way.folder, "way", "disconnected")
    coming = asyncio.create_task(way.ask(b"x\n"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(coming), 0.2)
    set_weather(way.folder, "way", "")
    assert await coming == b"x\n"


async def test_nobody_behind_it_is_noticed(tmp_path: Path) -> None:
    """Where the service does not listen, the caller's connection ends."""
    nobody = await asyncio.start_server(_echo, "127.0.0.1", 0)
    address = nobody.sockets[0].getsockname()
    nobody.close()
    await nobody.wait_closed()
    async with Way(tmp_path, address) as way:
        assert await way.ask(b"x\n") == b""
