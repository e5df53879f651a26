"""The command coderag: addresses, keys, usage, errors, and what reaches the terminal."""

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from code_rag.rag_server.cli import app
from code_rag.rag_server.cli.terminal import visible, visible_line
from code_rag.rag_server.progress import FileError
from code_rag.servicekit.errors import (
    InvalidInput,
    NotFound,
    Overloaded,
    ServiceError,
    TooLarge,
    Unavailable,
    UpstreamFailed,
    UpstreamTimeout,
)
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.refund_shop import CITATIONS, hit, index_status, verdict


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (InvalidInput, 2), (NotFound, 2), (TooLarge, 2), (Overloaded, 3), (ServiceError, 3),
        (UpstreamFailed, 3), (Unavailable, 3), (UpstreamTimeout, 3),
    ],
)  # fmt: skip
def test_server_errors_become_exit_codes(coderag: Coderag, error: type[ServiceError], exit_code: int) -> None:
    """Requests at fault exit 2, servers at fault exit 3, both with the server's sentence."""
    coderag.script.failures["/search"] = error("Because of this.")
    result = coderag("search", "x")
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr == "coderag: Because of this.\n"


def test_no_server_exits_3_and_names_the_address() -> None:
    """Where nothing listens, the sentence says where it looked and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    result = CliRunner().invoke(app, ["status", "--url", url])
    assert result.exit_code == 3
    assert result.stderr.startswith(f"coderag: No rag-server can be reached at {url} (")
    assert "RAG_SERVER_URL" in result.stderr


class Stranger(BaseHTTPRequestHandler):
    """A server that knows no method at all."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep stderr for the command."""


def test_something_else_at_the_address_exits_3() -> None:
    """Another server's answer is named as such, without a trace."""
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        result = CliRunner().invoke(app, ["status", "--url", url])
        thread.join()
    assert result.exit_code == 3
    assert result.stderr == f"coderag: {url} answered 501; is it a rag-server?\n"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "", "http://[::1"])
def test_addresses_that_are_none_exit_2(url: str) -> None:
    """A wrong --url is wrong usage, said in one sentence."""
    result = CliRunner().invoke(app, ["status", "--url", url])
    assert result.exit_code == 2
    assert result.stderr == "coderag: --url or RAG_SERVER_URL must be a URL such as http://127.0.0.1:8000.\n"


@pytest.mark.parametrize("arguments", [["search"], ["search", "x", "--limit", "0"], ["serach", "x"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    """Missing arguments, bad values and unknown commands exit 2 with the usage on stderr."""
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: coderag")


def test_the_key_is_sent_and_asked_for(tmp_path: Path) -> None:
    """API_KEY opens a server with a key; without it the sentence names the variable."""
    script = Script(api_key="k-1")
    with running(script) as url:
        coderag = Coderag(script, url, tmp_path)
        assert coderag("search", "x", API_KEY="k-1").exit_code == 0
        refused = coderag("search", "x")
    assert refused.exit_code == 2
    assert refused.stderr.endswith("Set API_KEY in the environment.\n")


@pytest.mark.parametrize("key", ["secret\n", "sec ret", "sécret"])
def test_a_bad_key_is_refused_and_not_printed(coderag: Coderag, key: str) -> None:
    """A key that cannot be sent ends the command without a word of the key."""
    result = coderag("search", "x", API_KEY=key)
    assert result.exit_code == 2
    assert result.output == "coderag: API_KEY contains characters that are not allowed in a key.\n"


def test_credentials_in_the_url_are_not_printed(coderag: Coderag) -> None:
    """A password in the address is used and never shown."""
    result = coderag("status", "--json", "--url", coderag.url.replace("//", "//me:hidden@"))
    assert json.loads(result.stdout)["url"] == coderag.url
    assert "hidden" not in result.output
    assert coderag.asked()[2]["authorization"].startswith("Basic ")


def test_arguments_that_are_not_utf8_exit_2(coderag: Coderag) -> None:
    """Bytes that cannot be sent are refused with a sentence."""
    result = coderag("search", os.fsdecode(b"\xff\xfe"))
    assert (result.exit_code, result.stderr) == (
        2,
        "coderag: The arguments contain bytes that are not UTF-8.\n",
    )


@pytest.mark.parametrize("command", [("search", "x"), ("ask", "x"), ("index",), ("status",)])
def test_nothing_from_the_server_reaches_the_terminal_raw(coderag: Coderag, command: tuple[str, ...]) -> None:
    """Escape sequences in names, code, answers and reasons come out written out."""
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    coderag.script.hits = [hit(f"{evil}\n.py", 1, 1, evil, evil, 0.1)]
    coderag.script.answer = evil
    coderag.script.citations = [replace(CITATIONS[3], path=evil, reason=evil, marker=evil)]
    coderag.script.degraded = [evil]
    coderag.script.checks[evil] = verdict("degraded", evil)
    errors = (FileError(evil, evil),)
    coderag.script.index = [index_status("failed", detail=evil, skipped={evil: 1}, errors=errors)]
    for arguments in (command, (*command, "--json")):
        result = coderag(*arguments)
        assert not set(result.output) & set("\x1b\x07\x9b\u202e"), arguments
        assert "\\x1b" in result.output or "\\u001b" in result.output


@given(st.text(st.characters(exclude_categories=())))
def test_visible_text_is_harmless_and_keeps_the_rest(text: str) -> None:
    """No control character survives but tab and line feed; plain text is untouched."""
    shown = visible(text)
    assert all(char.isprintable() or char in "\t\n" or ord(char) > 0x9F for char in shown)
    assert "\n" not in visible_line(text)
    assert visible(shown) == shown
    if text.isascii() and text.isprintable():
        assert visible_line(text) == text


def test_help_teaches(coderag: Coderag) -> None:
    """The help has examples for each command and the exit codes."""
    top = coderag("--help").stdout
    assert "Exit codes:" in top
    assert "130  stopped with Ctrl-C" in top
    for command in ("index", "search", "ask", "status"):
        assert f"    coderag {command}" in coderag(command, "--help").stdout


def test_the_help_imports_nothing_heavy() -> None:
    """The first import of the command brings neither pydantic nor the HTTP client nor rich."""
    heavy = "print([n for n in ('pydantic', 'httpx2', 'rich') if n in sys.modules])"
    code = f"import sys, code_rag.rag_server.cli; {heavy}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
