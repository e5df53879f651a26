"""What the index remembers of files: when it may spare itself the reading, and when not."""

import os
from pathlib import Path

import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.signatures import Read, Signatures, now_ns
from code_rag.rag_server.codebase.walking import FoundFile

SECOND_NS = 1_000_000_000
WRITTEN_NS = 1_700_000_000 * SECOND_NS + 5


def found(path: str = "a.py", size: int = 3, modified_ns: int = WRITTEN_NS, changed_ns: int = 7) -> FoundFile:
    """A file as a walk finds it."""
    return FoundFile(path, size, modified_ns, changed_ns)


def read_of(file: FoundFile, after_ns: int = SECOND_NS) -> Read:
    """That the file was read so long after it was written."""
    return Read(file, "digest", file.modified_ns + after_ns)


@pytest.mark.parametrize("now", [found(size=4), found(modified_ns=WRITTEN_NS + 1), found(changed_ns=8)])
def test_each_stamp_counts(now: FoundFile) -> None:
    """The digest is known for the same size and times only."""
    signatures = Signatures()
    signatures.note(read_of(found()))

    assert signatures.digest(found()) == "digest"
    assert signatures.digest(now) == ""


@pytest.mark.parametrize(
    ("modified_ns", "after_ns", "known"),
    [
        (WRITTEN_NS, 10_000_000, False),
        (WRITTEN_NS, 30_000_000, True),
        (WRITTEN_NS - 5, 1_900_000_000, False),
        (WRITTEN_NS - 5, 2_100_000_000, True),
        (WRITTEN_NS, -SECOND_NS, True),
    ],
    ids=["same tick", "next tick", "same coarse tick", "next coarse tick", "clock of a server ahead"],
)
def test_a_file_read_just_after_a_write_is_read_again(modified_ns: int, after_ns: int, known: bool) -> None:
    """While another write could leave the same stamps, they prove nothing."""
    signatures = Signatures()
    file = found(modified_ns=modified_ns)
    signatures.note(read_of(file, after_ns))

    assert bool(signatures.digest(file)) == known


def test_a_listing_keeps_what_was_read_and_drops_what_is_gone(tmp_path: Path) -> None:
    """A walk of a folder replaces what is known at and under it, and nothing beside it."""
    for path in ("in/kept.py", "in/gone.py", "in/deep/gone.py", "out/b.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")
    codebase, signatures = Codebase(tmp_path), Signatures()
    files = {entry.path: entry for entry in codebase.walk() if isinstance(entry, FoundFile)}
    signatures.listed("", list(files.values()), codebase.location)
    for file in files.values():
        signatures.note(Read(file, file.path, now_ns() + SECOND_NS))

    signatures.listed("in", [files["in/kept.py"]], codebase.location)

    assert signatures.digest(files["in/kept.py"]) == "in/kept.py"
    assert signatures.digest(files["out/b.py"]) == "out/b.py"
    assert signatures.digest(files["in/gone.py"]) == ""
    assert sorted(signatures.folders()) == ["", "in/", "out/"]


def test_what_is_left_out_is_known(tmp_path: Path) -> None:
    """Names that are left out have their reason, and are compared only where that can end by itself."""
    (tmp_path / ".env").write_text("KEY=1")
    (tmp_path / "big.py").write_text("x = 1\n" * 200_000)
    (tmp_path / "node_modules").mkdir()
    codebase, signatures = Codebase(tmp_path), Signatures()

    signatures.listed("", list(codebase.walk()), codebase.location)

    reasons = {name: seen.reason for name, seen in signatures.names("").items()}
    assert reasons == {".env": "secret", "big.py": "too_large", "node_modules": "vendored"}
    compared = {name for name, seen in signatures.names("").items() if seen.is_compared}
    assert compared == {"big.py"}
    assert signatures.names("")["big.py"].signature == (1_200_000, *_times(tmp_path / "big.py"))
    assert not signatures.has_files()


def _times(file: Path) -> tuple[int, int]:
    status = os.lstat(file)
    return status.st_mtime_ns, status.st_ctime_ns
