"""The ports of loopback that services listen on."""

import contextlib
import socket
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the services listen on loopback."""

    embedding: int
    llm: int
    rag: int


def free_ports() -> Ports:
    """A port for each service that nothing listens on at the moment."""
    return Ports(*unused_ports(3))


def unused_ports(count: int) -> list[int]:
    """`count` different ports of loopback that nothing listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [int(each.getsockname()[1]) for each in sockets]


def port_in_use(port: int) -> bool:
    """Whether something listens on `port`."""
    try:
        socket.create_server((HOST, port)).close()  # sets SO_REUSEADDR: connections just closed do not count
    except OSError:
        return True
    return False
