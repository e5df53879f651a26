"""Python imports this first where this folder is on its path: no connection but to this machine.

A connection to anywhere else fails, and is noted in the file that REACHED_OUT names.
"""

import ipaddress
import os
import socket
import sys
from pathlib import Path


def audit(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse to connect, send or look up a name outside this machine."""
    if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        return
    if event == "socket.getaddrinfo":
        target: object = arguments[0]
    else:
        link, address = arguments[0], arguments[1]
        if isinstance(link, socket.socket) and link.family == socket.AF_UNIX:
            return
        target = address[0] if isinstance(address, tuple) else address
    if not is_here(target):
        with Path(os.environ["REACHED_OUT"]).open("a") as out:
            out.write(f"{event} {target!r} {sys.argv}\n")
        raise ConnectionRefusedError(f"{target!r} is not this machine")


def is_here(host: object) -> bool:
    """Whether a host, as a program names it, is this machine."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


sys.addaudithook(audit)
