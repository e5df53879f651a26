"""The questions of test-codebase point at lines that exist."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

CODEBASE = Path(__file__).parents[3] / "test-codebase"
CATEGORIES = {"semantic", "symbol", "architecture"}
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (CODEBASE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERS = [(question["id"], answer) for question in QUESTIONS for answer in question["answers"]]


def _lines(path: str) -> list[str]:
    return (CODEBASE / path).read_text(encoding="utf-8").splitlines()


def test_ids_and_questions_are_unique() -> None:
    """No id and no question occurs twice."""
    for field in ("id", "question"):
        counted = Counter(question[field] for question in QUESTIONS)
        assert [value for value, count in counted.items() if count > 1] == []


def test_there_are_enough_questions_of_every_kind() -> None:
    """At least forty questions have an answer, five in each category, and some have none on purpose."""
    answerable = Counter(question["category"] for question in QUESTIONS if question["answers"])
    assert set(answerable) == CATEGORIES
    assert answerable.total() >= 40
    assert min(answerable.values()) >= 5
    assert sum(not question["answers"] for question in QUESTIONS) >= 4


def test_answers_name_files_of_the_codebase() -> None:
    """Every path is relative, in the spelling a search returns it in, and is a file."""
    paths = {answer["path"] for _, answer in ANSWERS}
    files = {path.relative_to(CODEBASE).as_posix() for path in CODEBASE.rglob("*") if path.is_file()}
    assert paths - files == set()


def test_answers_are_ranges_that_start_and_end_with_text() -> None:
    """Every range lies inside its file, and its first and last lines are not blank."""
    for name, answer in ANSWERS:
        lines, first, last = _lines(answer["path"]), answer["start_line"], answer["end_line"]
        assert 1 <= first <= last <= len(lines), name
        assert lines[first - 1].strip(), name
        assert lines[last - 1].strip(), name


def test_answers_are_places_and_not_whole_files() -> None:
    """No answer is longer than 25 lines: overlapping it has to mean something."""
    assert [name for name, answer in ANSWERS if answer["end_line"] - answer["start_line"] >= 25] == []


def test_questions_are_kept_out_of_the_index() -> None:
    """The codebase's own ignore file names the questions, which would match every search."""
    assert "questions.jsonl" in _lines(".ragignore")
