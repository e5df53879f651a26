"""A TCP proxy that passes on, slows or withholds what comes through: `python proxy.py FOLDER ROUTE...`.

ROUTE is NAME=HOST:PORT=HOST:PORT: where it listens, and where that leads. The file NAME in FOLDER says how
the route is: `slow` delays each piece, `disconnected` holds everything back until that changes, as a network
that loses packets does; anything else, or no file, passes on. It needs only the standard library, as it runs
in containers, too.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DELAY_SECONDS = 0.3
POLL_SECONDS = 0.05
PIECE_BYTES = 65_536
Carrier = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Route:
    """A place to listen at, and where it leads."""

    name: str
    listen: tuple[str, int]
    to: tuple[str, int]

    @classmethod
    def parse(cls, text: str) -> "Route":
        """Read NAME=HOST:PORT=HOST:PORT; raises ValueError."""
        name, listen, to = text.split("=")
        return cls(name, _address(listen), _address(to))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


class Weather:
    """What the files of a folder say of each route."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, name: str) -> str:
        """How a route is; empty where nothing is said."""
        try:
            return (self.folder / name).read_text().strip()
        except FileNotFoundError:
            return ""


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, how: Callable[[], str]) -> None:
    """Pass on what comes until it ends, as `how` says at each piece."""
    with suppress(ConnectionError):
        while piece := await reader.read(PIECE_BYTES):
            if how() == "slow":
                await asyncio.sleep(DELAY_SECONDS)
            await _connected(how)
            writer.write(piece)
            await writer.drain()


async def _connected(how: Callable[[], str]) -> None:
    while how() == "disconnected":  # noqa: ASYNC110 – a file has no event
        await asyncio.sleep(POLL_SECONDS)


async def converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, route: Route, weather: Weather
) -> None:
    """Carry one connection both ways until either side ends it."""

    def how() -> str:
        return weather.of(route.name)

    await _connected(how)
    try:
        back, forth = await asyncio.open_connection(*route.to)
    except OSError:
        await _end(writer)  # nobody is there: the caller is to notice
        return
    ways = [asyncio.create_task(pump(reader, forth, how)), asyncio.create_task(pump(back, writer, how))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    await _end(forth)
    await _end(writer)


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def serve(weather: Weather, routes: list[Route]) -> None:
    """Carry the connections of all routes, without end."""
    servers = []
    for route in routes:
        carry = _carrier(route, weather)
        servers.append(await asyncio.start_server(carry, *route.listen))
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _carrier(route: Route, weather: Weather) -> Carrier:
    return lambda reader, writer: converse(reader, writer, route, weather)


if __name__ == "__main__":
    asyncio.run(serve(Weather(Path(sys.argv[1])), [Route.parse(each) for each in sys.argv[2:]]))
