"""Fetches the file from a model hub, from where an earlier try ended."""

import httpx2

from code_rag.llm_server.gguf.incoming import Incoming
from code_rag.llm_server.gguf.pinned import PinnedFile
from code_rag.servicekit.model_sources import SourceFailed

TIMEOUT = httpx2.Timeout(30, connect=3)


def download(pinned: PinnedFile, hub: str, incoming: Incoming) -> None:
    """Append what is missing; a connection that breaks is made again as long as each brings something.

    Raises SourceFailed.
    """
    url = f"{hub}/{pinned.repository}/resolve/{pinned.revision}/{pinned.name}"
    with httpx2.Client(timeout=TIMEOUT, follow_redirects=True) as client:
        while not incoming.complete:
            before = incoming.size
            try:
                _fetch(client, url, incoming)
            except httpx2.HTTPError as error:
                if incoming.size <= before or isinstance(error, httpx2.HTTPStatusError):
                    raise SourceFailed(_reason(error)) from error


def _fetch(client: httpx2.Client, url: str, incoming: Incoming) -> None:
    have = incoming.size
    headers = {"range": f"bytes={have}-", "accept-encoding": "identity"}
    with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        start = have if response.status_code == 206 else 0
        length = response.headers.get("content-length")
        if length is not None and start + int(length) != incoming.total:
            raise SourceFailed(f"the file has {start + int(length):,} bytes there, not {incoming.total:,}")
        incoming.truncate(start)
        # Not in pieces of a size: what of one has come is lost where the connection breaks.
        for piece in response.iter_bytes():
            incoming.append(piece)


def _reason(error: httpx2.HTTPError) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"it answered with HTTP {error.response.status_code}"
    return f"it cannot be reached ({error or type(error).__name__})"
