"""Certificates for the calls to the services behind rag-server."""

import ssl


def trust_for(url: str) -> ssl.SSLContext | bool:
    """What an HTTP client of `url` takes as `verify`: its own default, or trust in nobody for plain HTTP.

    The default reads certificates, some 20 ms for each client, which every start and every reload would pay.
    """
    return url.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
