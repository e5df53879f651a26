"""TLS settings for the calls to the services behind rag-server."""

import ssl


def verify_for(url: str) -> ssl.SSLContext | bool:
    """A client's `verify` for `url`: its default, or an empty context for http://, to skip loading CAs.

    Loading them takes about 20 ms for each client, at every start and every reload.
    """
    return url.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
