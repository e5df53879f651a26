"""The names under which a service answers, and those under which a stranger's page would call it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Scope

from code_rag.servicekit.doors.hosts import Hosts
from code_rag.servicekit.errors import Misdirected

HOSTS = Hosts("rag-server", ["Rag.Example.com", "[fd00::7]"])


def called(*names: str, at: str | None = "10.1.2.3") -> Scope:
    """A request with these Host headers, over a connection to the address `at`."""
    headers = [(b"host", name.encode("latin-1")) for name in names]
    return {"type": "http", "headers": headers, "server": (at, 8000) if at else None}


@pytest.mark.parametrize("port", ["", ":8000", ":1", ":65535"])
@pytest.mark.parametrize(
    "name",
    [
        "localhost", "LocalHost", "localhost.", "shop.localhost", "127.0.0.1", "127.9.9.9", "[::1]",
        "rag-server", "RAG-Server", "rag-server.code-rag", "rag-server.team.svc",
        "rag-server.team-2.svc.cluster.local", "rag-server.code-rag.svc.cluster.local.",
        "rag.example.com", "[fd00::7]", "10.1.2.3",
    ],
)  # fmt: skip
def test_a_name_of_the_service_is_answered(name: str, port: str) -> None:
    """Loopback, Compose's and the cluster's names, ALLOWED_HOSTS and the address called, at whatever port."""
    HOSTS.check(called(name + port))


@pytest.mark.parametrize(
    "name",
    [
        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "rag-server.evil.com",
        "rag-server.com",
        "rag-server.team.svc.evil.com", "rag-server.a.b.svc", "x.rag-server", "rag-serverx", "llm-server",
        "example.com", "www.rag.example.com", "10.1.2.4", "0.0.0.0", "[::]",  # noqa: S104
        "[::2]", "169.254.169.254",
        "2130706433", "0x7f000001", "127.1",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(name: str) -> None:
    """The sentence repeats the name and says which setting would allow it."""
    with pytest.raises(Misdirected, match=re.escape(name.strip("[]")) + "'.*ALLOWED_HOSTS"):
        HOSTS.check(called(name))


@pytest.mark.parametrize(
    "names",
    [
        (), ("",), ("localhost", "localhost"), ("localhost", "evil.example"), ("localhost:port",),
        ("localhost@evil.example",), ("evil.example/localhost",), ("localhost evil.example",),
        ("localhost:8000:8000",), ("localhost,evil.example",), ("[::1%lo]",), ("l\u00f6calhost",),
        ("x" * 300,),
    ],
)  # fmt: skip
def test_what_is_no_single_name_is_refused(names: tuple[str, ...]) -> None:
    """No Host, two, or something around a good one: none of it is repeated."""
    with pytest.raises(Misdirected, match=r"^Send one Host header, with the name of this service\.$"):
        HOSTS.check(called(*names))


@pytest.mark.parametrize(
    ("name", "at"), [("[fe80::1]", "fe80::1"), ("[FE80:0::0:1]", "fe80::1"), ("192.168.0.9", "192.168.0.9")]
)
def test_the_address_called_is_a_name(name: str, at: str) -> None:
    """As a kubelet calls a pod, however the address is written; it is not one at another address."""
    HOSTS.check(called(name, at=at))
    for other in ("10.0.0.1", "/tmp/socket", None):
        with pytest.raises(Misdirected):
            HOSTS.check(called(name, at=other))


@given(st.from_regex(r"[a-z0-9-]{1,10}(\.[a-z0-9-]{1,10}){0,4}\.(com|example|dev|io)", fullmatch=True))
def test_no_name_that_can_be_bought_is_ours(name: str) -> None:
    """Whatever stands before a public ending, only ALLOWED_HOSTS lets it in."""
    with pytest.raises(Misdirected):
        Hosts("rag-server", []).check(called(name))
    Hosts("rag-server", [name]).check(called(name))
