"""The bytes of the model server's answers, of which no more than a bound is kept."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx2

from code_rag.servicekit.errors import UpstreamFailed

MOST_BYTES = 8 * 1024 * 1024
"""Of a whole answer, or of one event: room for an image, not for a fault that never ends."""
REASON_BYTES = 64 * 1024
"""Of an answer that says why there is none."""


async def pieces_of(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """The body in pieces of a mebibyte at most, also where little opens to much; raises UpstreamFailed."""
    try:
        async with aclosing(response.aiter_bytes()) as pieces:
            async for piece in pieces:
                yield piece
    except httpx2.DecodingError as error:
        raise UpstreamFailed("The model server's answer cannot be decompressed.") from error
    except httpx2.TransportError as error:
        raise UpstreamFailed(
            "The connection to the model server was lost during the answer.", code="upstream_stream_truncated"
        ) from error


async def read_whole(response: httpx2.Response) -> bytes:
    """The body; raises UpstreamFailed if it breaks off or is too long."""
    body = bytearray()
    async with aclosing(pieces_of(response)) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > MOST_BYTES:
                raise too_long()
    return bytes(body)


async def read_start(response: httpx2.Response) -> bytes:
    """As much of the body as a reason needs; what breaks off is no failure of its own."""
    body = bytearray()
    try:
        async with aclosing(pieces_of(response)) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) >= REASON_BYTES:
                    break
    except UpstreamFailed:
        pass
    return bytes(body[:REASON_BYTES])


def too_long() -> UpstreamFailed:
    """The error for more than MOST_BYTES."""
    return UpstreamFailed(
        f"The model server sent more than {MOST_BYTES:,} bytes at once.", code="upstream_too_large"
    )
