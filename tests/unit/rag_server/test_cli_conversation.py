"""`coderag ask --continue`: the last conversation, kept between commands."""

import re
import stat

import pytest

from code_rag.rag_server.answer_wire import MAX_TURNS
from code_rag.rag_server.cli.last_conversation import TURN_CHARS, TURNS
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import running

FIRST, SECOND = "How long may I ask for a refund?", "and who decides it?"


def test_continuing_sends_what_was_said_and_says_so(coderag: Coderag) -> None:
    """The last question and its answer are sent; a note on stderr names when and what it was."""
    coderag("ask", FIRST)
    assert coderag.asked()[1]["history"] == []

    result = coderag("ask", "--continue", SECOND)

    assert coderag.asked()[1]["history"] == [{"question": FIRST, "answer": coderag.script.answer}]
    when, after = r"\d{4}-\d\d-\d\d \d\d:\d\d", re.escape(f"“{FIRST}”; --new starts another\n")
    assert re.fullmatch(f"note: continues the conversation of {when} after {after}", result.stderr)


def test_a_question_without_it_starts_another_conversation(coderag: Coderag) -> None:
    """So does --new, which the last of both options decides, as an alias needs it."""
    for arguments in ((FIRST,), ("--continue", "--new", FIRST)):
        coderag("ask", SECOND)
        coderag("ask", *arguments)
        assert coderag.asked()[1]["history"] == []
        coderag("ask", "--continue", SECOND)
        assert [turn["question"] for turn in coderag.asked()[1]["history"]] == [FIRST]


def test_where_nothing_was_said_the_question_starts_a_conversation(coderag: Coderag) -> None:
    """An alias with --continue works from the first question on."""
    result = coderag("ask", "--continue", FIRST)
    assert result.stderr == "note: there is no conversation to continue; this question starts one\n"
    assert result.exit_code == 0


def test_scripts_start_no_conversation(coderag: Coderag) -> None:
    """What reads JSON does not come between a person's questions, unless it continues them."""
    coderag("ask", FIRST)
    coderag("ask", "a script's question", "--json")
    coderag("ask", "--continue", SECOND, "--json")
    assert [turn["question"] for turn in coderag.asked()[1]["history"]] == [FIRST]
    coderag("ask", "--continue", "why?")
    assert [turn["question"] for turn in coderag.asked()[1]["history"]] == [FIRST, SECOND]


def test_what_is_kept_is_bounded_and_private(coderag: Coderag) -> None:
    """The last turns, the start of each text, in one file that only its owner reads."""
    coderag.script.answer = "long " * TURN_CHARS
    for number in range(TURNS + 2):
        coderag("ask", "--continue", f"{number}?")
    coderag("ask", "--continue", "last?")

    history = coderag.asked()[1]["history"]
    assert [turn["question"] for turn in history] == [f"{number}?" for number in range(2, TURNS + 2)]
    assert {len(turn["answer"]) for turn in history} == {TURN_CHARS}
    assert TURNS <= MAX_TURNS
    (file,) = (coderag.state / "coderag").iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o600, 0o700]


def test_a_conversation_with_another_server_is_not_continued(coderag: Coderag) -> None:
    """Its code is other code; the sentence says what to do."""
    coderag("ask", FIRST)
    with running(coderag.script) as url:
        result = coderag("ask", "--continue", SECOND, RAG_SERVER_URL=url)
    assert result.exit_code == 2
    where = f"{coderag.url}. Ask without --continue, or that by --url."
    assert result.stderr == f"coderag: The last conversation was with {where}\n"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": "x"}', '{"url": 1, "at": "now", "turns": []}'])
def test_a_damaged_file_is_named(coderag: Coderag, content: str) -> None:
    """It is not overwritten as if nothing had been said, and a question without --continue replaces it."""
    file = coderag.state / "coderag" / "conversation.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)

    result = coderag("ask", "--continue", SECOND)

    assert result.exit_code == 2
    assert result.stderr == (
        f"coderag: The last conversation in {file} cannot be read: its content is damaged. "
        "Ask without --continue.\n"
    )
    coderag("ask", FIRST)
    assert coderag("ask", "--continue", SECOND).exit_code == 0


def test_where_nothing_can_be_kept_answers_come_all_the_same(coderag: Coderag) -> None:
    """Who continues reads why; who does not misses nothing."""
    coderag.state.write_text("a file where the folder would be")
    assert coderag("ask", FIRST).stderr == ""
    (coderag.state).unlink()
    (coderag.state / "coderag" / "conversation.json").mkdir(parents=True)
    assert coderag("ask", FIRST).exit_code == 0
    assert "cannot be read: Is a directory" in coderag("ask", "--continue", SECOND).stderr
