"""The judge notices each broken promise."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.codebase import ChangingCodebase
from tests.chaos.judge import NO_ANSWER, Judge

Json = dict[str, Any]
QUESTION = {"id": "q1", "question": "What is added?", "answers": [{"path": "a.py"}]}
HIT = {"path": "a.py", "start_line": 2, "end_line": 3, "text": "two\nthree"}
CITED = {"path": "a.py", "start_line": 1, "end_line": 3, "state": "supported"}
ANSWER: Json = {"hits": [HIT], "citations": [CITED], "degraded": []}
LESS = ["semantic search is off: it is gone"]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    (tmp_path / "questions.jsonl").write_text(json.dumps(QUESTION))
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    return Judge(ChangingCodebase(tmp_path))


@pytest.mark.parametrize("answer", [ANSWER, ANSWER | {"hits": [], "degraded": LESS}])
def test_a_right_answer_breaks_nothing(judge: Judge, answer: Json) -> None:
    """What is found is right, or what is missing is said."""
    assert list(judge.broken_by(QUESTION, answer)) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hits": [HIT | {"text": "two\nfour"}]}, "not what the file says"),
        ({"hits": [HIT | {"start_line": 1}]}, "not what the file says"),
        ({"hits": [HIT, HIT | {"path": "none.py"}]}, "not what the file says"),
        ({"citations": [CITED | {"end_line": 4}]}, "never was"),
        ({"citations": [CITED | {"path": "none.py"}]}, "never was"),
        ({"citations": [CITED | {"state": "missing"}]}, "called missing"),
        ({"hits": []}, "nothing is said to be missing"),
    ],
)
def test_a_wrong_answer_is_noticed(judge: Judge, wrong: Json, sentence: str) -> None:
    """Text, lines, files and silence about what is missing are compared with the codebase."""
    (broken,) = judge.broken_by(QUESTION, ANSWER | wrong)
    assert sentence in broken


def test_a_file_that_is_saved_again_has_said_both(judge: Judge) -> None:
    """An answer that was on its way while a file was saved may quote either; a citation may be missing."""
    judge.codebase.save(1)
    judge.codebase.save(2)
    for state in (1, 2):
        first = (1, 1, f'"""The lighthouse of round 0, written in state {state}."""')
        hit = dict(zip(("start_line", "end_line", "text"), first, strict=True), path="lighthouses/latest.py")
        cited = CITED | {"path": "lighthouses/latest.py", "state": "missing"}
        assert list(judge.broken_by(QUESTION, ANSWER | {"hits": [HIT, hit], "citations": [cited]})) == []


@pytest.mark.parametrize(
    ("status", "at_fault", "broken"),
    [
        (NO_ANSWER, {"rag-server"}, 0),
        (503, {"vector-db"}, 0),
        (503, {"embedding-server"}, 1),
        (503, set[str](), 1),
        (NO_ANSWER, {"vector-db"}, 1),
        (500, {"rag-server"}, 1),
    ],
)
def test_no_answer_needs_a_reason(judge: Judge, status: int, at_fault: set[str], broken: int) -> None:
    """Only rag-server may be unreachable; it and the store may keep it from answering, but not by a 500."""
    body = {"error": {"message": "It is not there."}}
    assert len(list(judge.broken_without_answer(status, body, at_fault))) == broken


def test_a_refusal_has_a_sentence(judge: Judge) -> None:
    """A status without the envelope is noticed."""
    (broken,) = judge.broken_without_answer(503, {}, {"vector-db"})
    assert "without a sentence" in broken
