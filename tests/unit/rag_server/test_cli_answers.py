"""`coderag search` and `coderag ask`, against a rag-server with scripted answers."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from code_rag.rag_server.answer import AnswerState, Usage
from code_rag.rag_server.answer_wire import ProgressEvent
from code_rag.rag_server.cli.ask import doing
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


@pytest.mark.parametrize(
    ("cost", "said"),
    [(None, "1,240 + 96 tokens"), (0.000_3, "1,240 + 96 tokens, $0.0003"), (0, "1,240 + 96 tokens, $0.0000"),
     (0.000_01, "1,240 + 96 tokens, under $0.0001")],
)  # fmt: skip
def test_what_an_answer_came_to_is_a_note(coderag: Coderag, cost: float | None, said: str) -> None:
    """Tokens read and written, and dollars where they are known, come last, on stderr."""
    coderag.script.usage = Usage(1_240, 96, cost=cost)
    assert coderag("ask", "x").stderr == f"note: {said}\n"


def test_ask_prints_answer_and_sources(coderag: Coderag) -> None:
    """The streamed tokens make up the answer; each citation says what its check found."""
    result = coderag("ask", "How long may I ask for a refund?")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(coderag.script.answer)
    assert "  ✓ orders/refunds.py:8-8  [1:8-8]  says so\n" in result.stdout
    doubtful = "  ? orders/refunds.py:18-22  [1:18-22]  does not clearly say so: it does not mention 14\n"
    assert doubtful in result.stdout
    assert "  ✗ docs/refunds.md:1-4  [2]  not there: the file changed after it was indexed\n" in result.stdout


def test_an_answer_without_tokens_is_printed(coderag: Coderag) -> None:
    """Where no model writes, the answer of the last event is shown."""
    coderag.script.answer = "Nothing here. See [1]."
    coderag.script.stream_tokens = False
    assert coderag("ask", "x").stdout.startswith("Nothing here. See [1].\n")


def test_places_that_no_model_cites_are_quoted(coderag: Coderag) -> None:
    """Where nothing is claimed, no source is said to say so."""
    coderag.script.model = "none"
    coderag.script.stream_tokens = False

    sources = coderag("ask", "x").stdout.partition("Sources")[2]

    assert "  ✓ orders/refunds.py:8-8  [1:8-8]  quoted\n" in sources
    assert "says so" not in sources


@pytest.mark.parametrize(
    ("state", "exit_code", "said"),
    [
        ("answered", 0, ""),
        ("unsure", 0, "note: not sure that this is the answer; these are the nearest places\n"),
        ("not_found", 1, "coderag: Not found in the indexed code.\n"),
        ("unsupported", 1, "coderag: The answer cites nothing that supports it.\n"),
    ],
)
def test_the_state_of_an_answer_sets_the_exit_code(
    coderag: Coderag, state: AnswerState, exit_code: int, said: str
) -> None:
    """Scripts can tell an answer from none; the nearest places are printed in any case."""
    coderag.script.answer, coderag.script.stream_tokens = "Nearest:\n```\n 8| x = 1\n```", False
    coderag.script.state = state
    result = coderag("ask", "What is the meaning of life?")
    assert (result.exit_code, result.stderr) == (exit_code, said)
    heading = "Sources" if state == "answered" else "Nearest places"
    assert result.stdout.startswith(f"Nearest:\n```\n 8| x = 1\n```\n\n{heading}\n")
    assert ("says so" in result.stdout) is (state == "answered")


def test_what_was_understood_is_said(coderag: Coderag) -> None:
    """A question that was searched for in other words is shown as it was understood."""
    coderag.script.understood = "where is RefundPolicy.window set?"
    result = coderag("ask", "and where is that set?")
    assert result.stderr == "note: searched for: where is RefundPolicy.window set?\n"


def test_a_kept_answer_can_be_asked_for_again(coderag: Coderag) -> None:
    """A note says since when it is kept; --again asks the model."""
    coderag.script.kept_since = datetime(2026, 1, 5, 10, tzinfo=UTC)
    kept, again = coderag("ask", "x"), coderag("ask", "x", "--again")
    assert "note: this answer is kept from 2026-01-0" in kept.stderr
    assert again.stderr == ""
    assert coderag.asked()[1]["again"] is True


def test_a_citation_of_no_block_shows_its_reason(coderag: Coderag) -> None:
    """A marker that points nowhere has no place, only a reason."""
    coderag.script.citations = [
        replace(CITATIONS[0], marker="[9]", path="", state="missing", reason="there is no block 9")
    ]
    assert "  ✗ [9]  not there: there is no block 9\n" in coderag("ask", "x").stdout


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


def test_ask_without_a_question_suggests_some(coderag: Coderag) -> None:
    """The server's suggestions are printed, one a line, for the codebase that is asked about."""
    result = coderag("ask", "--codebase", "shop")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == list(coderag.script.suggestions)
    assert coderag.asked()[0] == "/suggestions"


def test_no_suggestions_exit_1(coderag: Coderag) -> None:
    """A server that suggests nothing has nothing indexed, and the message says so."""
    coderag.script.suggestions = ()
    result = coderag("ask")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nothing is indexed yet" in result.stderr


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (ProgressEvent(model="large", seconds=0), ""),
        (ProgressEvent(model="large", seconds=3), "Waiting for large, 3 s …"),
        (
            ProgressEvent(model="small", seconds=0, places=4, about_seconds=12),
            "Reading 4 places, about 12 s …",
        ),
        (
            ProgressEvent(model="small", seconds=3, places=4, about_seconds=12),
            "Reading 4 places, 3 of about 12 s …",
        ),
        (ProgressEvent(model="small", seconds=0, places=4, words=9), "Writing, 9 words of a sentence …"),
    ],
)
def test_what_a_model_does_is_said(progress: ProgressEvent, words: str) -> None:
    """What it reads and for how long, or how much it has written that cannot be shown yet."""
    assert doing(progress) == words


def test_a_remark_after_the_answer_has_a_line_of_its_own(coderag: Coderag) -> None:
    """What is only known at the end is not written behind the last word."""
    coderag.script.answer, coderag.script.understood = "It is kept [1].", "how long can a refund take"
    assert "\nnote: searched for: " in coderag("ask", "and how long").output
