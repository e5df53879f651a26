"""An exported index as a file: whatever happens to it, it is read as it was written or refused."""

import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from code_rag.rag_server.backup_wire import ModelPrint, PartEvent, sha256
from code_rag.rag_server.cli.archive import Draft, Manifest, opened
from code_rag.rag_server.cli.failure import Failure

PART = bytes(range(22 * 5))
MODEL = ModelPrint(name="fake-embedder", dimension=3, probe=[1.0, 0.0, 0.0])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An exported index of one part."""
    draft = Draft(tmp_path / "shop.coderag")
    draft.start(MODEL, ["shop"])
    draft.add(PartEvent(data=PART, sha256=sha256(PART), after="a.py", files=1, chunks=5))
    draft.finish()
    return tmp_path / "shop.coderag"


def content(file: Path) -> tuple[Manifest, list[bytes]]:
    with opened(file) as archive:
        return archive.manifest, [archive.part(entry) for entry in archive.manifest.parts]


def rewritten(file: Path, **parts: bytes) -> Path:
    """A copy, compressed, with other parts."""
    copy = file.with_name("copy.coderag")
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("manifest.json", archive.read("manifest.json"), zipfile.ZIP_STORED)
        for name, data in parts.items():
            out.writestr(f"{name.removeprefix('_')}.bin", data)
    return copy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_changes_nothing_unnoticed(file: Path, data: st.DataObject) -> None:
    """With any byte changed the file reads as before, or is refused as no whole export."""
    before, damaged = content(file), bytearray(file.read_bytes())
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    copy = file.with_name("damaged.coderag")
    copy.write_bytes(damaged)
    with suppress(Failure):
        assert content(copy) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_truncated_file_is_refused(file: Path, data: st.DataObject) -> None:
    """A copy that stopped on the way is not imported."""
    whole = file.read_bytes()
    copy = file.with_name("short.coderag")
    copy.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(Failure, match="Nothing was imported"):
        content(copy)


def test_a_compressed_part_is_not_unpacked(file: Path) -> None:
    """A part that could grow without limit is refused before it is read."""
    with pytest.raises(Failure, match="is compressed"):
        content(rewritten(file, _00000=PART))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """The message has the path and the reason."""
    with pytest.raises(Failure, match=r"nothing\.coderag cannot be read: No such file"):
        content(tmp_path / "nothing.coderag")


def test_an_unfinished_export_of_others_is_not_continued(tmp_path: Path) -> None:
    """What came from another model or other codebases is not mixed: the message says what to delete."""
    Draft(tmp_path / "x").start(MODEL, ["shop"])
    draft = Draft(tmp_path / "x")
    draft.start(MODEL, ["shop"])
    draft.add(PartEvent(data=PART, sha256=sha256(PART), after="a.py", files=1, chunks=5))
    with pytest.raises(Failure, match="delete it"):
        Draft(tmp_path / "x").start(MODEL, ["other"])
