"""The names under which a service answers."""

import ipaddress
import re
from collections.abc import Iterable

from starlette.types import Scope

from code_rag.servicekit.errors import Misdirected
from code_rag.servicekit.network import is_loopback

NAMESPACE = "code-rag"
"""Of k8s/base. In another, `<service>.<namespace>` needs ALLOWED_HOSTS: anyone might buy such a name."""

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?", re.ASCII | re.IGNORECASE)


class Hosts:
    """Loopback, the service's own names in Compose and a cluster, the address called, and what the user adds.

    A page that has its own name lead here (DNS rebinding) sends that name as Host. It cannot send an address,
    so a probe by the pod's address needs no exception.
    """

    def __init__(self, service: str, allowed: Iterable[str]) -> None:
        self._names = {service, f"{service}.{NAMESPACE}", *map(_plain, allowed)}
        # Neither ending can be bought, so any namespace will do.
        self._cluster = re.compile(rf"{re.escape(service)}\.[a-z0-9-]+\.svc(\.cluster\.local)?")

    def check(self, scope: Scope) -> None:
        """Raise Misdirected unless the request's one Host is a name of this service, at any port."""
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        found = _HOST.fullmatch(sent[0]) if len(sent) == 1 else None
        if not found:
            raise Misdirected("Send one Host header, with the name of this service.")
        name = _plain(found[1])
        if not (self._is_ours(name) or _same_address(name, (scope.get("server") or ("",))[0])):
            raise Misdirected(
                f"This service does not answer as {name!r}. If that name is right, add it to ALLOWED_HOSTS."
            )

    def _is_ours(self, name: str) -> bool:
        return is_loopback(name) or name in self._names or self._cluster.fullmatch(name) is not None


def _plain(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _same_address(name: str, called: str) -> bool:
    """Whether `name` is the address that the connection came to, however either is written."""
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(called)
    except ValueError:
        return False
