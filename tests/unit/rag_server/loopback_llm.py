"""A chat completions server on loopback that sends exactly the bytes it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field

HEALTHY = b'{"status": "ok", "service": "llm-server", "version": "1", "checks": {}}'
MODELS = b'{"object": "list", "data": [{"id": "gpt-4o-mini"}]}'


@dataclass
class LoopbackLlm:
    """What the server answers, and what it saw.

    `pieces` are the HTTP chunks of a completion; then it ends properly, or breaks off (`torn`), or waits for
    the caller to leave (`hangs`).
    """

    pieces: Sequence[bytes] = ()
    status: int = 200
    content_type: str = "text/event-stream"
    header: str = "x-seen: yes"
    torn: bool = False
    hangs: bool = False
    health: bytes = HEALTHY
    models: bytes = MODELS
    url: str = ""
    heads: list[str] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    caller_left: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close the connection."""
        with closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            self.heads.append(head)
            lengths = [
                line.partition(":")[2] for line in head.splitlines() if line.startswith("content-length")
            ]
            if lengths:
                self.bodies.append(json.loads(await reader.readexactly(int(lengths[0]))))
                await self._complete(reader, writer)
            else:
                body, status = (self.health, self.status) if " /health " in head else (self.models, 200)
                writer.write(self._head("application/json", f"content-length: {len(body)}", status) + body)
            await writer.drain()

    async def _complete(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            self._head(self.content_type, f"{self.header}\r\ntransfer-encoding: chunked", self.status)
        )
        for piece in self.pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if self.hangs:
            await reader.read()
            self.caller_left.set()
        elif not self.torn:
            writer.write(b"0\r\n\r\n")

    def _head(self, content_type: str, framing: str, status: int) -> bytes:
        lines = [
            f"HTTP/1.1 {status} Because",
            f"content-type: {content_type}",
            framing,
            "connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def serving(llm: LoopbackLlm) -> AsyncIterator[LoopbackLlm]:
    """Serve `llm` on a free port for as long as the context lasts, and until its last answer is out."""
    answering: set[asyncio.Task[None]] = set()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.create_task(llm.handle(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0)
    async with server:
        llm.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield llm
    await asyncio.gather(*answering)


def completion_events(*texts: str, model: str = "gpt-4o-mini") -> bytes:
    """A whole stream as OpenAI sends it: role, texts, the reason it stopped, `[DONE]`."""
    deltas: list[dict[str, str]] = [
        {"role": "assistant", "content": ""},
        *({"content": t} for t in texts),
        {},
    ]
    chunks = [{"model": model, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    events = "".join(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks)
    return f"{events}data: [DONE]\n\n".encode()
