"""Chat requests at a steady rate, over connections that are kept, with as little of a client as can be."""

import asyncio
import json
import time

KEY = "sk-benchmark-2f1d5c0b9a7e4836"
"""What the servers are sent, and one of them checks."""
PROMPT = "def add(left, right):\n    return left + right\n" * 80
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ChatLoad:
    """Asks one server; its answers must be whole, or AssertionError is raised."""

    def __init__(self, port: int, *, stream: bool) -> None:
        self._port = port
        self._stream = stream
        self._free: list[Connection] = []
        messages = [{"role": "user", "content": PROMPT}]
        body = json.dumps({"model": "m", "messages": messages, "stream": stream}).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body

    async def at_rate(self, requests: int, per_second: float) -> list[float]:
        """Seconds from each request, due at its time whatever the others do, to its answer.

        Of a stream, to its first event.
        """
        started, asked = time.perf_counter(), []
        for number in range(requests):
            await asyncio.sleep(max(0.0, started + number / per_second - time.perf_counter()))
            asked.append(asyncio.create_task(self.ask()))
        took = list(await asyncio.gather(*asked))
        self.close()  # servers close connections that wait for the next turn
        return took

    async def ask(self) -> float:
        """Seconds to one answer, or to a stream's first event."""
        connection = self._free.pop() if self._free else await self._connect()
        reader, writer = connection
        asked = time.perf_counter()
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head, head
        took = await (self._events(reader, asked) if self._stream else self._whole(reader, head, asked))
        self._free.append(connection)
        return took

    def close(self) -> None:
        """Close all connections."""
        while self._free:
            self._free.pop()[1].close()

    async def _connect(self) -> Connection:
        return await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)

    async def _events(self, reader: asyncio.StreamReader, asked: float) -> float:
        await reader.readuntil(b"data: ")
        first = time.perf_counter() - asked
        rest = await reader.readuntil(b"0\r\n\r\n")
        assert b"[DONE]" in rest, rest
        return first

    async def _whole(self, reader: asyncio.StreamReader, head: bytes, asked: float) -> float:
        lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(lengths[0].split(b":")[1]))
        return time.perf_counter() - asked
