"""The HTTP client of the model server: its time limits, proxies and trusted certificates."""

import os
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.request import getproxies

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from code_rag.llm_server.backends.upstream_errors import PEER, retry_after
from code_rag.servicekit.network import is_loopback
from code_rag.servicekit.settings import SettingsError

CONNECT_SECONDS = 5.0
LONGEST_RETRY_WAIT_SECONDS = 5.0


def connect(base_url: str, api_key: str, timeout: float, max_retries: int) -> AsyncOpenAI:
    """A client with one connection pool; `timeout`, in seconds, also limits a pause within an answer.

    Raises SettingsError if a proxy variable, SSL_CERT_FILE or SSL_CERT_DIR is invalid.
    """
    limits = pauses_up_to(timeout)
    hooks = {"request": [_note_peer], "response": [_leave_long_waits_to_the_caller]}
    http = _http_client(base_url, timeout=limits, event_hooks=hooks, verify=_trusted())
    return AsyncOpenAI(
        base_url=base_url, api_key=api_key, timeout=limits, max_retries=max_retries, http_client=http
    )


def pauses_up_to(seconds: float) -> httpx2.Timeout:
    """The limits of a call that may be silent so long; a connection takes no longer than usual."""
    return httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


def _http_client(base_url: str, **options: Any) -> httpx2.AsyncClient:
    """A client that calls loopback hosts directly and others through the environment's proxies."""
    try:
        host = httpx2.URL(base_url).host
    except httpx2.InvalidURL:  # its message may quote a part of a password
        raise SettingsError("OPENAI_BASE_URL: is not a valid URL") from None
    if is_loopback(host):
        return DefaultAsyncHttpxClient(trust_env=False, **options)
    _check_proxies(getproxies())
    return DefaultAsyncHttpxClient(**options)


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


async def _leave_long_waits_to_the_caller(response: httpx2.Response) -> None:
    # The client would wait silently for up to two minutes of Retry-After; the caller decides instead.
    if (retry_after(response.headers) or 0) > LONGEST_RETRY_WAIT_SECONDS:
        response.headers["x-should-retry"] = "false"
