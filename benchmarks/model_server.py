"""A model server that takes no time to think, so that what a gateway adds is all that is measured.

`python -m benchmarks.model_server PORT` answers every chat request with the same sixty words.
"""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

WORDS = [f"word{number} " for number in range(60)]
CHUNKS = 20
PAUSE_SECONDS = 0.002
"""Between two events, as a very fast model writes: what comes at once is read and sent at once."""
USAGE = {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960}
ANSWER = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def _body(**fields: Any) -> bytes:
    return json.dumps(ANSWER | fields).encode()


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + _body(object="chat.completion.chunk", choices=[choice]) + b"\n\n"


MESSAGE = {"role": "assistant", "content": "".join(WORDS)}
WHOLE = _body(
    object="chat.completion",
    choices=[{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    usage=USAGE,
)
EVENTS = [
    *(_chunk({"content": "".join(WORDS[at : at + 3])}) for at in range(0, 60, 60 // CHUNKS)),
    _chunk({}, "stop"),
    b"data: " + _body(object="chat.completion.chunk", choices=[], usage=USAGE) + b"\n\n",
    b"data: [DONE]\n\n",
]
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            await _answer_one(reader, writer)
    writer.close()


async def _answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
    if json.loads(body or b"{}").get("stream"):
        writer.write(STREAM_HEAD)
        for event in EVENTS:
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(PAUSE_SECONDS)
        writer.write(b"0\r\n\r\n")
    else:
        writer.write(JSON_HEAD % len(WHOLE) + WHOLE)
    await writer.drain()


async def _serve(port: int) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
