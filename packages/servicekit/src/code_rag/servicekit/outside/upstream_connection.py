"""Names what kept a request from the model server."""

import ssl

import httpx2

from code_rag.servicekit.errors import UpstreamFailed

PEER = "code_rag.peer"
"""The request extension that holds host and port of the machine it was sent to."""
_NEVER_ARRIVED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
# By OpenSSL's X509_V_ERR numbers; every other number means an untrusted certificate.
_OBJECTIONS = {
    9: "is not valid yet; check the clocks of both machines",
    10: "has expired",
    62: "is for another host name; check {named}",
    64: "is for another address; check {named}",
}


def of_transport(error: httpx2.TransportError, named: str) -> UpstreamFailed:
    """The error for a request that got no answer, not even a status; `named` is the URL's variable."""
    server = error.request.url.netloc.decode()  # without the user part of the URL
    if refused := _refused_certificate(error):
        message = f"The certificate of the model server at {server} {_objection(refused, named)}."
        return UpstreamFailed(message, code="upstream_untrusted")
    peer, port = error.request.extensions.get(PEER, ("", 0))
    via = f" through the proxy at {peer}:{port}" if peer not in ("", error.request.url.host) else ""
    if isinstance(error, _NEVER_ARRIVED):
        message = f"The model server at {server} cannot be reached{via}."
        return UpstreamFailed(message, code="upstream_unreachable")
    message = f"The model server at {server} closed the connection{via} without an answer."
    return UpstreamFailed(message, code="upstream_disconnected")


def _refused_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The certificate error that caused `error`, if any."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _objection(error: ssl.SSLCertVerificationError, named: str) -> str:
    untrusted = "is not trusted: set SSL_CERT_FILE to the file of its CA"
    return _OBJECTIONS.get(error.verify_code, untrusted).format(named=named)
