"""Certificates for the calls to the services behind rag-server."""

import ssl


def trust_for(url: str) -> ssl.SSLContext:
    """What a client of `url` trusts: the system's certificates, or none where plain HTTP needs none.

    Reading them takes some 20 ms for each client, which every start and every reload would pay.
    """
    if url.startswith("https:"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
