"""The HTTP client of the model server: its proxies and trusted certificates; it follows no redirect."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from code_rag.llm_server import __version__
from code_rag.servicekit.network import is_loopback
from code_rag.servicekit.outside.surroundings import check_proxies, parsed_url, trusted_certificates
from code_rag.servicekit.outside.upstream_connection import PEER

NO_KEY = "no-key-is-set"  # local servers ignore it, or say that one is missing
USER_AGENT = f"code-rag-llm-server/{__version__}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A model server: the client that calls it, and the key that it gets."""

    http: httpx2.AsyncClient
    key: str

    @property
    def host(self) -> str:
        """The server's host name, without credentials."""
        return self.http.base_url.host

    async def close(self) -> None:
        """Close all connections."""
        await self.http.aclose()


def connect(
    base_url: str,
    api_key: str,
    connect_seconds: float,
    *,
    key_header: str = "authorization",
    named: str = "OPENAI_BASE_URL",
) -> Upstream:
    """A model server with one connection pool; only the time to connect is limited here.

    A query in `base_url` goes with each request. Raises SettingsError if a proxy variable, SSL_CERT_FILE,
    SSL_CERT_DIR or the URL, which is the value of what is `named`, is invalid.
    """
    url = parsed_url(base_url, named)
    direct = is_loopback(url.host)
    if not direct:
        check_proxies()
    http = httpx2.AsyncClient(
        base_url=url.copy_with(query=None),
        params=url.params,
        headers=_headers(key_header, api_key),
        timeout=httpx2.Timeout(None, connect=connect_seconds),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30),
        event_hooks={"request": [_note_peer]},
        follow_redirects=False,
        trust_env=not direct,  # loopback hosts are called without the environment's proxies
        verify=trusted_certificates(),
    )
    return Upstream(http, api_key)


def connect_to_socket(socket: Path) -> Upstream:
    """The model server at a Unix socket of this machine: nothing else is asked, and it needs no key."""
    http = httpx2.AsyncClient(
        base_url="http://engine/v1",
        headers={"user-agent": USER_AGENT},
        timeout=httpx2.Timeout(None, connect=5),
        # A kept connection may be closed by the engine just when it is used; a new one costs nothing here.
        transport=httpx2.AsyncHTTPTransport(
            uds=str(socket), limits=httpx2.Limits(max_keepalive_connections=0)
        ),
        trust_env=False,
    )
    return Upstream(http, NO_KEY)


def _headers(key_header: str, key: str) -> dict[str, str]:
    return {
        key_header: f"Bearer {key}" if key_header == "authorization" else key,
        "accept-encoding": "identity",  # small answers that open to large ones help nobody here
        "user-agent": USER_AGENT,
    }


async def _note_peer(request: httpx2.Request) -> None:
    """Record in the request which machine its connection goes to: the server, or the proxy before it."""

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            request.extensions[PEER] = (info["host"], info["port"])

    request.extensions["trace"] = trace
