"""The command coderag, against a rag-server with scripted answers."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from code_rag.rag_server.cli import app
from code_rag.rag_server.cli.terminal import visible, visible_line
from tests.unit.rag_server.fake_rag_server import Script, citations, hit, index_status, running


@dataclass
class Coderag:
    """Runs commands against a scripted server."""

    script: Script
    url: str

    def __call__(self, *arguments: str, **environment: str) -> Result:
        clean = {"RAG_SERVER_URL": self.url, "API_KEY": "", "NO_COLOR": "", "FORCE_COLOR": ""}
        return CliRunner().invoke(app, arguments, env=clean | environment)

    def asked(self) -> tuple[str, dict[str, Any], dict[str, str]]:
        return self.script.requests[-1]


@pytest.fixture
def coderag() -> Iterator[Coderag]:
    script = Script()
    with running(script) as url:
        yield Coderag(script, url)


def test_search_shows_places_and_code(coderag: Coderag) -> None:
    """A hit is its path with lines, its symbol, its score and its numbered code."""
    result = coderag("search", "refund", "window")
    assert result.exit_code == 0, result.stderr
    assert "orders/refunds.py:12-22  RefundPolicy.allows  0.831" in result.stdout
    assert "18 │     def allows(self, order: Order, now: datetime) -> bool:" in result.stdout
    assert result.stderr == ""


def test_search_sends_what_narrows_it(coderag: Coderag) -> None:
    """Words become one query; limit, path and language reach the server."""
    coderag("search", "refund", "window", "--limit", "3", "--path", "orders", "--language", "python")
    path, body, _ = coderag.asked()
    assert path == "/search"
    assert body == {"query": "refund window", "limit": 3, "path": "orders", "language": "python"}


def test_long_snippets_are_cut_visibly(coderag: Coderag) -> None:
    """A chunk of many lines ends with how many are left out."""
    coderag.script.hits = [hit("a.py", 1, 40, "", "\n".join("x" * 5 for _ in range(40)), 0.5)]
    assert "… 28 more lines" in coderag("search", "x").stdout


def test_search_without_hits_exits_1(coderag: Coderag) -> None:
    """Scripts can tell that nothing was found."""
    coderag.script.hits = []
    result = coderag("search", "nothing like this")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "coderag: Nothing in the index fits.\n"


def test_degradations_are_notes_on_stderr(coderag: Coderag) -> None:
    """What was missing is said once, beside the results."""
    coderag.script.degraded = ["semantic search is off: no answer"]
    assert coderag("search", "x").stderr == "note: semantic search is off: no answer\n"
    assert coderag("ask", "x").stderr == "note: semantic search is off: no answer\n"


def test_ask_prints_answer_and_sources(coderag: Coderag) -> None:
    """The streamed tokens make up the answer; each citation says whether it was verified."""
    result = coderag("ask", "How long may I ask for a refund?")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(coderag.script.answer)
    assert "  ✓ orders/refunds.py:18-22  [1:18-22]\n" in result.stdout
    assert "  ✗ docs/refunds.md:1-4  [2]  the file changed after it was indexed\n" in result.stdout


def test_an_answer_without_tokens_is_printed(coderag: Coderag) -> None:
    """Where no model writes, the answer of the last event is shown."""
    coderag.script.answer = "Nothing here. See [1]."
    coderag.script.stream_tokens = False
    assert coderag("ask", "x").stdout.startswith("Nothing here. See [1].\n")


def test_an_answer_that_cites_nothing_exits_1(coderag: Coderag) -> None:
    """An answer without a single citation is no find."""
    coderag.script.answer, coderag.script.citations = "not found in the indexed code", []
    result = coderag("ask", "What is the meaning of life?")
    assert result.exit_code == 1
    assert result.stdout == "not found in the indexed code\n"


def test_a_citation_of_no_block_shows_its_reason(coderag: Coderag) -> None:
    """A marker that points nowhere has no place, only a reason."""
    coderag.script.citations = [
        citations()[0] | {"marker": "[9]", "path": "", "verified": False, "reason": "there is no block 9"}
    ]
    assert "  ✗ [9]  there is no block 9\n" in coderag("ask", "x").stdout


def test_ask_json_is_the_whole_answer(coderag: Coderag) -> None:
    """With --json stdout is the AskResponse and nothing else, remarks stay on stderr."""
    coderag.script.degraded = ["indexing: 3 files pending"]
    result = coderag("ask", "x", "--json")
    assert json.loads(result.stdout) == coderag.script.ask_response()
    assert result.stderr == "note: indexing: 3 files pending\n"


def test_an_error_in_the_stream_exits_3(coderag: Coderag) -> None:
    """A model that fails in mid-answer ends the command with the server's sentence."""
    coderag.script.break_stream_after = 4
    result = coderag("ask", "x")
    assert (result.exit_code, result.stdout) == (3, "A customer may ask\n")
    assert result.stderr == "coderag: The language model hung up.\n"


def test_a_stream_that_just_ends_exits_3(coderag: Coderag) -> None:
    """Half an answer is never taken for a whole one."""
    coderag.script.break_stream_after, coderag.script.cut_stream = 4, True
    result = coderag("ask", "x")
    assert result.exit_code == 3
    assert result.stderr == "coderag: The answer broke off before its end.\n"


def test_index_waits_for_the_end(coderag: Coderag) -> None:
    """The run is followed in lines on stderr until it is over, then summed up."""
    half = index_status("running", files={"indexed": 0, "pending": 60})
    most = index_status("running", files={"indexed": 0, "pending": 12})
    coderag.script.index = [half, half, most, index_status()]
    result = coderag("index", "orders")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == (
        "Indexing: 50 % of 120 files, 840 new chunks in 3.2 s (262 chunks/s)\n"
        "Indexing: 90 % of 120 files, 840 new chunks in 3.2 s (262 chunks/s)\n"
    )
    assert (
        "Files indexed: 24 (96 unchanged, 1 removed, 0 failed), 840 new chunks in 3.2 s (262 chunks/s)."
        in result.stdout
    )
    assert "Skipped: 310 ignored, 12 binary, 2 too large." in result.stdout
    assert ("/index", {"path": "orders"}) in [(path, body) for path, body, _ in coderag.script.requests]


def test_index_says_what_it_waits_for(coderag: Coderag) -> None:
    """A run that waits for a service says for which."""
    waiting = index_status("waiting", detail="embedding-server does not answer")
    coderag.script.index = [waiting, index_status()]
    assert coderag("index").stderr == "Waiting: embedding-server does not answer\n"


def test_index_no_wait_returns_at_once(coderag: Coderag) -> None:
    """--no-wait starts the run and asks nothing more."""
    coderag.script.index = [index_status("running")]
    assert coderag("index", "--no-wait").stdout.startswith("Indexing started")
    assert len(coderag.script.requests) == 1


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (index_status("failed", detail="the store is full"), "Indexing failed: the store is full"),
        (
            index_status(files={"failed": 1}, errors=[{"path": "a.py", "message": "gone"}]),
            "Files that could not be indexed: 1.",
        ),
    ],
)
def test_index_failures_exit_4(coderag: Coderag, status: dict[str, Any], sentence: str) -> None:
    """A failed run, or files that failed, end with a code of their own."""
    coderag.script.index = [status]
    result = coderag("index", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["state"] == status["state"]
    assert result.stderr.endswith(f"coderag: {sentence}\n")


def test_status_shows_parts_and_counts(coderag: Coderag) -> None:
    """Each part's health, what can be searched and what was skipped."""
    coderag.script.health["checks"]["llm-server"] = {"status": "degraded", "detail": "no answer"}
    coderag.script.health["status"] = "degraded"
    result = coderag("status")
    assert result.exit_code == 0
    assert f"rag-server 0.1.0 at {coderag.url}: degraded" in result.stdout
    assert "  ! llm-server        no answer\n" in result.stdout
    assert "Searchable: 840 chunks of 120 files." in result.stdout


def test_status_json_holds_health_and_index(coderag: Coderag) -> None:
    """--json brings the URL, the health report and the index status."""
    body = json.loads(coderag("status", "--json").stdout)
    assert body["url"] == coderag.url
    assert body["health"]["checks"]["vector-db"] == {"status": "ok", "detail": ""}
    assert body["index"] == index_status()


def test_status_of_a_server_that_cannot_serve_exits_3(coderag: Coderag) -> None:
    """A failing server still tells which part fails."""
    coderag.script.health = {"status": "failing", "checks": {"x": {"status": "failing", "detail": "broken"}}}
    result = coderag("status")
    assert (result.exit_code, result.stderr) == (3, "coderag: rag-server is failing.\n")
    assert "  ✗ x                 broken\n" in result.stdout


@pytest.mark.parametrize(
    ("status", "exit_code"), [(400, 2), (404, 2), (413, 2), (429, 3), (500, 3), (502, 3), (503, 3), (504, 3)]
)
def test_server_errors_become_exit_codes(coderag: Coderag, status: int, exit_code: int) -> None:
    """Requests at fault exit 2, servers at fault exit 3, both with the server's sentence."""
    coderag.script.failures["/search"] = (status, "Because of this.")
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


def test_something_else_at_the_address_exits_3(coderag: Coderag) -> None:
    """Another server's answer is named as such, without a trace."""
    result = coderag("status", "--url", f"{coderag.url}/static/..%2f")
    assert result.exit_code in (2, 3)
    assert result.stderr.startswith(f"coderag: {coderag.url}")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "", "http://[::1"])
def test_addresses_that_are_none_exit_2(url: str) -> None:
    """A wrong --url is wrong usage, said in one sentence."""
    result = CliRunner().invoke(app, ["status", "--url", url])
    assert result.exit_code == 2
    assert result.stderr == "coderag: --url or RAG_SERVER_URL must be a URL such as http://127.0.0.1:8000.\n"


@pytest.mark.parametrize("arguments", [["search"], ["ask"], ["search", "x", "--limit", "0"], ["serach", "x"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    """Missing arguments, bad values and unknown commands exit 2 with the usage on stderr."""
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: coderag")


def test_the_key_is_sent_and_asked_for(coderag: Coderag) -> None:
    """API_KEY opens a server with a key; without it the sentence names the variable."""
    coderag.script.api_key = "k-1"
    assert coderag("search", "x", API_KEY="k-1").exit_code == 0
    refused = coderag("search", "x")
    assert refused.exit_code == 2
    assert refused.stderr.endswith("Set API_KEY in the environment.\n")


@pytest.mark.parametrize("key", ["secret\n", "sec ret", "sécret"])
def test_a_bad_key_is_refused_and_not_printed(coderag: Coderag, key: str) -> None:
    """A key that cannot be sent ends the command without a word of the key."""
    result = coderag("search", "x", API_KEY=key)
    assert result.exit_code == 2
    assert result.output == "coderag: API_KEY holds characters that no key can have.\n"


def test_credentials_in_the_url_are_not_printed(coderag: Coderag) -> None:
    """A password in the address is used and never shown."""
    result = coderag("status", "--json", "--url", coderag.url.replace("//", "//me:hidden@"))
    assert json.loads(result.stdout)["url"] == coderag.url
    assert "hidden" not in result.output
    assert coderag.asked()[2]["authorization"].startswith("Basic ")


def test_arguments_that_are_not_utf8_exit_2(coderag: Coderag) -> None:
    """Bytes that cannot be sent are refused with a sentence."""
    result = coderag("search", os.fsdecode(b"\xff\xfe"))
    assert (result.exit_code, result.stderr) == (2, "coderag: The arguments hold bytes that are not UTF-8.\n")


@pytest.mark.parametrize("command", [("search", "x"), ("ask", "x"), ("index",), ("status",)])
def test_nothing_from_the_server_reaches_the_terminal_raw(coderag: Coderag, command: tuple[str, ...]) -> None:
    """Escape sequences in names, code, answers and reasons come out written out."""
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    coderag.script.hits = [hit(f"{evil}\n.py", 1, 1, evil, evil, 0.1)]
    coderag.script.answer = evil
    coderag.script.citations = [citations()[3] | {"path": evil, "reason": evil, "marker": evil}]
    coderag.script.degraded = [evil]
    coderag.script.health["checks"] = {evil: {"status": "degraded", "detail": evil}}
    errors = [{"path": evil, "message": evil}]
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


def test_json_is_ascii(coderag: Coderag) -> None:
    """Any parser in any locale can read what --json prints."""
    coderag.script.answer = "Grüße 日本"
    assert coderag("ask", "x", "--json").stdout.isascii()


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
