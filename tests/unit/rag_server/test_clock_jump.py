"""A clock that is set back or forward while files are saved and indexed."""

import os
from pathlib import Path

import pytest

from code_rag.rag_server.changes import Changes
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.differences import Differences
from code_rag.rag_server.codebase.signatures import Signatures
from code_rag.rag_server.preparing import InProcess

LONG_AGO_NS = 1_700_000_000_000_000_001
HOUR_NS = 3_600 * 10**9
YEARS_NS = 30 * 365 * 24 * HOUR_NS


def save(file: Path, text: str, stamp_ns: int) -> None:
    """Write a file at this time on the clock."""
    file.write_text(text)
    os.utime(file, ns=(stamp_ns, stamp_ns))


def index(codebase: Codebase, signatures: Signatures) -> None:
    """Read everything, as a run does."""
    for batch in Changes(codebase, "", {}, signatures).batches(InProcess()):
        for read in batch.reads:
            signatures.note(read)


@pytest.mark.parametrize("jump", [-YEARS_NS, -HOUR_NS, -1, 1, HOUR_NS, YEARS_NS])
def test_a_clock_that_jumps_hides_no_change_and_makes_none(tmp_path: Path, jump: int) -> None:
    """What is saved after the clock was set back or forward is found once, and then it is known."""
    codebase, signatures = Codebase(tmp_path), Signatures()
    differences = Differences(codebase, signatures)
    save(tmp_path / "a.py", "x = 1\n", LONG_AGO_NS)
    save(tmp_path / "same.py", "x = 1\n", LONG_AGO_NS)
    index(codebase, signatures)
    save(tmp_path / "a.py", "x = 2\n", LONG_AGO_NS + jump)
    save(tmp_path / "new.py", "x = 2\n", LONG_AGO_NS + jump)

    assert differences.find(differences.folders()) == {"a.py", "new.py"}
    index(codebase, signatures)
    assert differences.find(differences.folders()) == set()
