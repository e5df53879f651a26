"""`coderag search` and `coderag ask`, against a rag-server with scripted answers."""

import json
from dataclasses import replace

from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.refund_shop import CITATIONS, hit


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
    assert body == {
        "query": "refund window",
        "callers_of": None,
        "similar_to": None,
        "limit": 3,
        "path": "orders",
        "language": "python",
        "codebase": None,
    }


def test_long_snippets_are_cut_visibly(coderag: Coderag) -> None:
    """A chunk of many lines ends with how many are left out."""
    coderag.script.hits = [hit("a.py", 1, 40, "", "\n".join("x" * 5 for _ in range(40)), 0.5)]
    assert "… 28 more lines" in coderag("search", "x").stdout


def test_search_without_hits_exits_1(coderag: Coderag) -> None:
    """Scripts can tell that nothing was found."""
    coderag.script.hits = []
    result = coderag("search", "nothing like this")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "coderag: Nothing in the index matches.\n"


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
    coderag.script.answer, coderag.script.citations = "not found in the indexed code", ()
    result = coderag("ask", "What is the meaning of life?")
    assert result.exit_code == 1
    assert result.stdout == "not found in the indexed code\n"


def test_a_citation_of_no_block_shows_its_reason(coderag: Coderag) -> None:
    """A marker that points nowhere has no place, only a reason."""
    coderag.script.citations = [
        replace(CITATIONS[0], marker="[9]", path="", state="missing", reason="there is no block 9")
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
    assert result.stderr == "coderag: The answer ended early.\n"


def test_json_is_ascii(coderag: Coderag) -> None:
    """Any parser in any locale can read what --json prints."""
    coderag.script.answer = "Grüße 日本"
    assert coderag("ask", "x", "--json").stdout.isascii()
