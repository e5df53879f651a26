"""What a call to a server outside takes from its environment: the URL, proxies, trusted certificates."""

import os
import ssl
from urllib.request import getproxies

import httpx2

from code_rag.servicekit.settings import SettingsError


def parsed_url(base_url: str, named: str) -> httpx2.URL:
    """The URL that is the value of what is `named`; raises SettingsError, which does not quote it."""
    try:
        return httpx2.URL(base_url)
    except httpx2.InvalidURL:  # its message may quote a part of a password
        raise SettingsError(f"{named}: is not a valid URL") from None


def check_proxies() -> None:
    """Raise SettingsError, without the value and its credentials, for a proxy that the client cannot use."""
    proxies = getproxies()
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


def trusted_certificates() -> ssl.SSLContext:
    """The certificates that the environment trusts; SSL_CERT_FILE is read before SSL_CERT_DIR."""
    variable = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
    folder = os.environ.get("SSL_CERT_DIR", "") if variable == "SSL_CERT_DIR" else ""
    if folder and not os.path.isdir(folder):  # noqa: PTH112 – a path from the environment, only looked at
        raise SettingsError("SSL_CERT_DIR: the folder does not exist")
    try:
        return httpx2.create_ssl_context()
    except OSError:
        raise SettingsError(f"{variable}: no certificates can be read from it") from None
