"""The HTTP client of the model server: its proxies and trusted certificates; it follows no redirect."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import getproxies

import httpx2

from code_rag.llm_server import __version__
from code_rag.llm_server.backends.upstream_connection import PEER
from code_rag.servicekit.network import is_loopback
from code_rag.servicekit.settings import SettingsError

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
    url = _parsed(base_url, named)
    direct = is_loopback(url.host)
    if not direct:
        _check_proxies(getproxies())
    http = httpx2.AsyncClient(
        base_url=url.copy_with(query=None),
        params=url.params,
        headers=_headers(key_header, api_key),
        timeout=httpx2.Timeout(None, connect=connect_seconds),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30),
        event_hooks={"request": [_note_peer]},
        follow_redirects=False,
        trust_env=not direct,  # loopback hosts are called without the environment's proxies
        verify=_trusted(),
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


def _parsed(base_url: str, named: str) -> httpx2.URL:
    try:
        return httpx2.URL(base_url)
    except httpx2.InvalidURL:  # its message may quote a part of a password
        raise SettingsError(f"{named}: is not a valid URL") from None


def _headers(key_header: str, key: str) -> dict[str, str]:
    return {
        key_header: f"Bearer {key}" if key_header == "authorization" else key,
        "accept-encoding": "identity",  # small answers that open to large ones help nobody here
        "user-agent": USER_AGENT,
    }


def _check_proxies(proxies: Mapping[str, str]) -> None:
    """Raise SettingsError, without the value and its credentials, for a proxy that the client cannot use."""
    if "*" in map(str.strip, proxies.get("no", "").split(",")):
        return
    for scheme in ("http", "https", "all"):
        if not (value := proxies.get(scheme)):
            continue
        try:
            usable = bool(httpx2.Proxy(value if "://" in value else f"http://{value}").url.host)
        except (ValueError, httpx2.InvalidURL):
            usable = False
        if not usable:
            raise SettingsError(f"{_variable(scheme)}: must be the URL of an http, https or socks5 proxy")


def _variable(scheme: str) -> str:
    """The proxy variable of `scheme` as the environment spells it; the lower-case one has precedence."""
    name = f"{scheme}_proxy"
    return name if os.environ.get(name) else name.upper()


def _trusted() -> ssl.SSLContext:
    """The certificates that the environment trusts; the client reads SSL_CERT_FILE before SSL_CERT_DIR."""
    variable = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
    folder = os.environ.get("SSL_CERT_DIR", "") if variable == "SSL_CERT_DIR" else ""
    if folder and not os.path.isdir(folder):  # noqa: PTH112 – a path from the environment, only looked at
        raise SettingsError("SSL_CERT_DIR: the folder does not exist")
    try:
        return httpx2.create_ssl_context()
    except OSError:
        raise SettingsError(f"{variable}: no certificates can be read from it") from None


async def _note_peer(request: httpx2.Request) -> None:
    """Record in the request which machine its connection goes to: the server, or the proxy before it."""

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            request.extensions[PEER] = (info["host"], info["port"])

    request.extensions["trace"] = trace
