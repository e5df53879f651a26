"""Files prepared in several processes: the same results in the same order, whatever happens to a process."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.process_pool import GROUP_CHARS, ProcessPool
from code_rag.rag_server.model import SkippedFile, SourceFile
from code_rag.rag_server.preparing import Entry, FailedFile, InProcess
from tests.unit.rag_server.index_bench import function

WORKER = "tests.unit.rag_server.crashing_worker"
PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def importable_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes find the tests' own module, although they do not look into the working folder."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))


def source(number: int, text: str = "") -> SourceFile:
    return SourceFile(f"{number}.py", text or function(f"part{number}", 40), "python", f"v{number}")


def children() -> set[int]:
    """The processes that this one has started."""
    found: set[int] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found


def test_processes_return_what_one_returns() -> None:
    """Changed, unchanged and left-out files come in order and equal those prepared in this process."""
    entries: list[Entry] = [source(number) for number in range(300)]
    entries[7:7] = ["unchanged.py", SkippedFile("left/out", "binary")]
    entries.append("last.py")

    assert list(ProcessPool(3, few_chars=0).prepare(entries)) == list(InProcess().prepare(entries))


def test_few_files_start_no_process() -> None:
    """What is prepared in a moment needs no process, and a single CPU never has one."""
    files = [source(number) for number in range(20)]
    nowhere = "no.such.module"
    for pool in (ProcessPool(4, worker=nowhere), ProcessPool(1, few_chars=0, worker=nowhere)):
        assert list(pool.prepare(files)) == list(InProcess().prepare(files))


def test_a_crash_fails_one_file() -> None:
    """The file that crashes its process is named with the signal, and all others are prepared."""
    files = [source(number) for number in range(40)]
    files[11] = source(11, "x = 'CRASH'")
    files[12] = source(12, "x = 'PRINT'")

    found = list(ProcessPool(2, few_chars=0, worker=WORKER).prepare(files))

    assert isinstance(found[11], FailedFile)
    assert "status -11" in found[11].message
    expected = list(InProcess().prepare(files))
    assert found[:11] + found[12:] == expected[:11] + expected[12:]


def test_a_process_that_hangs_is_ended() -> None:
    """A file that takes too long fails, and the run goes on."""
    files = [source(0), source(1, "x = 'HANG'"), source(2)]

    found = list(ProcessPool(2, few_chars=0, worker=WORKER, seconds=3).prepare(files))

    assert [isinstance(outcome, FailedFile) for outcome in found] == [False, True, False]


def test_one_run_has_the_processes_at_a_time() -> None:
    """A second run at the same time starts no processes, and prepares its files all the same."""
    pool = ProcessPool(2, few_chars=0)
    files = [source(number) for number in range(20)]
    before = children()
    first = pool.prepare(files)
    next(first)
    assert list(pool.prepare(files)) == list(InProcess().prepare(files))
    assert len(children() - before) == 2
    first.close()


def test_the_processes_end_with_the_run() -> None:
    """After the last file, and where a run stops halfway, no process is left."""
    before = children()
    large: Iterator[Entry] = (source(number, "x = 1\n" * (GROUP_CHARS // 6)) for number in range(20))
    run = ProcessPool(2, few_chars=0).prepare(large)
    next(run)
    assert len(children() - before) == 2
    run.close()
    assert children() == before
