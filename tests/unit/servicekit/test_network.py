"""Telling this machine from others."""

import pytest

from code_rag.servicekit.network import is_loopback


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "api.localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
    ],
)
def test_this_machine_is_known_by_any_of_its_names(host: str) -> None:
    """Names and addresses of the loopback interface, as URLs and settings write them."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "localhost.example", "notlocalhost", "128.0.0.1", "::2"])
def test_other_hosts_are_not_this_machine(host: str) -> None:
    """Names that look alike, and addresses beside the range."""
    assert not is_loopback(host)
