"""The state of several codebases' runs as one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from code_rag.rag_server.pace import Step
from code_rag.rag_server.progress import NEVER_RAN, FileCounts, FileError, State, VectorWork
from code_rag.rag_server.totals import total

MORNING, NOON = datetime(2026, 1, 5, 8, tzinfo=UTC), datetime(2026, 1, 5, 12, tzinfo=UTC)
DONE = replace(NEVER_RAN, started_at=MORNING, finished_at=MORNING, seconds=2.0)


def test_one_report_is_the_total_itself() -> None:
    """A single codebase reports as it is, without its name."""
    report = replace(DONE, state="failed", detail="broken")

    assert total([("shop", report)]) == report


def test_counts_are_added() -> None:
    """Files, chunks, skipped files and errors of all codebases are those of the total."""
    one = replace(
        DONE,
        files=FileCounts(5, 1, 2, 0, 1, 1),
        chunks=7,
        skipped={"ignored": 2, "empty": 1},
        errors=(FileError("shop/a.py", "x"),),
    )
    files = FileCounts(3, 0, 3, 0, 0, 0)
    two = replace(DONE, files=files, chunks=4, skipped={"ignored": 1}, finished_at=NOON, seconds=9.0)

    report = total([("shop", one), ("billing", two)])

    assert report.files == FileCounts(8, 1, 5, 0, 1, 1)
    assert (report.chunks, report.skipped, report.errors) == (11, {"ignored": 3, "empty": 1}, one.errors)
    assert (report.started_at, report.finished_at, report.seconds) == (MORNING, NOON, 9.0)


@pytest.mark.parametrize(
    ("states", "state", "detail"),
    [
        (("idle", "idle"), "idle", ""),
        (("idle", "failed"), "failed", "billing: why billing"),
        (("running", "failed"), "running", "shop: why shop; billing: why billing"),
        (("waiting", "idle"), "waiting", "shop: why shop"),
        (("waiting", "running"), "running", "shop: why shop; billing: why billing"),
    ],
)
def test_the_busiest_state_is_that_of_all(states: tuple[State, State], state: State, detail: str) -> None:
    """While one codebase runs all do, and what a codebase waits for or failed by is named with it."""
    reports = [
        (name, replace(DONE, state=each, detail=f"why {name}"))
        for name, each in zip(("shop", "billing"), states, strict=True)
    ]

    report = total(reports)

    assert (report.state, report.detail) == (state, detail)


def test_all_have_ended_once_each_has() -> None:
    """The total has no end while one codebase has none."""
    running = replace(DONE, state="running", finished_at=None)

    assert total([("shop", DONE), ("billing", running)]).finished_at is None
    assert total([]).state == "idle"


def test_steps_and_vectors_are_added() -> None:
    """The earliest step that a codebase is in is the step of all, and the work on vectors is added."""
    words, headers = Step("words", 10, 30, 5.0, 4.0), Step("headers", 100, 200, 50.0, 2.0)
    reports = [
        ("shop", replace(NEVER_RAN, step=headers, vectors=VectorWork(1, 2, 3, ("code-1",)))),
        ("billing", replace(NEVER_RAN, step=words, vectors=VectorWork(10, 20, 30, ()))),
        ("mail", replace(NEVER_RAN, step=replace(words, done=0, per_second=0.0))),
    ]

    report = total(reports)

    assert report.step == Step("words", 10, 60, 5.0, 10.0)
    assert report.vectors == VectorWork(11, 22, 33, ("code-1",))
    assert total([("shop", NEVER_RAN), ("mail", NEVER_RAN)]).step is None
