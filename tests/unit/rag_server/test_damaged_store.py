"""The embedded store's files, damaged in many ways: it opens, and what is gone is indexed again."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from code_rag.rag_server.adapters.damage import is_systems
from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.model import Query, SparseVector, StoredFile
from tests.unit.rag_server.fakes import DIMENSION, make_file, vector_of

POINTS = make_file("a.py", ["one", "two"])
CACHED = {POINTS[0].chunk.id: [0.5] * DIMENSION}
Damage = Callable[[Path], object]


def emptied(file: Path) -> None:
    """As after a power failure that kept the name only."""
    os.truncate(file, 0)


def halved(file: Path) -> None:
    """As where a copy broke off."""
    os.truncate(file, file.stat().st_size // 2)


def zeroed(file: Path) -> None:
    """As after a power failure that kept the length only."""
    file.write_bytes(bytes(min(file.stat().st_size, 65_536)))


def garbled(file: Path) -> None:
    """As where something else was written."""
    with file.open("r+b") as content:
        content.write(b"\xff\x13\x37 not this \x00" * min(file.stat().st_size // 8, 8_192))


def replaced_by_a_folder(file: Path) -> None:
    """As where somebody made it by hand."""
    file.unlink()
    file.mkdir()


DAMAGES: list[tuple[str, Damage]] = [
    ("edge_config.json", garbled),
    ("edge_config.json", emptied),
    ("edge_config.json", Path.unlink),
    ("wal/first-index", garbled),
    ("wal/open-1", garbled),
    ("wal", shutil.rmtree),
    ("segment.json", garbled),
    ("segment.json", halved),
    ("segment.json", Path.unlink),
    ("segment.json", replaced_by_a_folder),
    ("version.info", halved),
    ("version.info", lambda file: file.write_text("99.0.0")),
    ("version.info", Path.unlink),
    ("mutable_id_tracker.mappings", emptied),
    ("mutable_id_tracker.mappings", halved),
    ("mutable_id_tracker.mappings", garbled),
    ("payload_storage/page_0.dat", emptied),
    ("payload_storage/page_0.dat", zeroed),
    ("payload_storage/page_0.dat", garbled),
    ("payload_storage/page_0.dat", Path.unlink),
    ("payload_storage/tracker.dat", emptied),
    ("vectors/status.dat", emptied),
    ("payload_index/config.json", garbled),
    ("segments", shutil.rmtree),
    ("index.sqlite3", emptied),
    ("index.sqlite3", halved),
    ("index.sqlite3", garbled),
]


def first(folder: Path, name: str) -> Path:
    """The first file or folder whose path ends so."""
    return next(path for path in sorted(folder.rglob("*")) if str(path).endswith(f"/{name}"))


async def fill(folder: Path) -> None:
    """Store a file of two chunks, the first one embedded, and a vector in the cache."""
    store = open_edge_store(folder, DIMENSION)
    await store.upsert(POINTS)
    await store.add_vectors({POINTS[0].chunk.id: vector_of("one")}, "whole")
    await store.cache.put(CACHED)
    await store.close()


@pytest.mark.parametrize(("name", "damage"), DAMAGES, ids=lambda part: getattr(part, "__name__", part))
async def test_a_damaged_store_opens_and_takes_what_is_gone_again(
    tmp_path: Path, name: str, damage: Damage
) -> None:
    """Whatever is damaged, the store opens, finds what is stored from then on, and stays sound."""
    folder = tmp_path / "index"
    await fill(folder)
    damage(first(tmp_path, name))

    store = open_edge_store(folder, DIMENSION)
    await store.upsert(POINTS)
    await store.add_vectors({POINTS[0].chunk.id: vector_of("one")}, "whole")
    await store.close()
    store = open_edge_store(folder, DIMENSION)
    found = await store.search(Query(vector_of("one"), SparseVector((1,), (1.0,))), 10)
    cached = await store.cache.get(list(CACHED))
    files = await store.files()
    await store.close()

    assert files == {"a.py": StoredFile("v1", 2, True, 1)}
    assert [each.chunk.text for each in found.found if each.cosine is not None] == ["one"]
    assert cached == {} if name == "index.sqlite3" else list(cached) == list(CACHED)


async def test_what_is_damaged_is_kept_aside_and_said(tmp_path: Path) -> None:
    """The log names the folder, its copy and the reason; of several damaged ones the last is kept."""
    folder = tmp_path / "index"
    for reason in (b"1", b"2"):
        await fill(folder)
        next(folder.rglob("segment.json")).write_bytes(reason)
        with capture_logs() as logs:
            await open_edge_store(folder, DIMENSION).close()
        (said,) = [entry for entry in logs if entry["event"] == "damaged, and made again"]
        assert said["what"] == str(folder)
        assert said["kept_as"] == str(tmp_path / "index.damaged")
        assert "segment.json" in said["reason"]

    assert next((tmp_path / "index.damaged").rglob("segment.json")).read_bytes() == b"2"


async def test_an_index_of_another_dimension_is_made_again(tmp_path: Path) -> None:
    """A folder of vectors of another length, put in the place of this one, is set aside too."""
    folder = tmp_path / "index"
    await fill(folder)

    store = open_edge_store(folder, DIMENSION + 1)

    assert await store.count() == 0
    await store.close()


@pytest.mark.parametrize(
    ("reason", "systems"),
    [
        ("IO Error: No space left on device (os error 28)", True),
        ("IO Error: Permission denied (os error 13)", True),
        ("Read-only file system (os error 30)", True),
        ("Too many open files (os error 24)", True),
        ("Service runtime error: Failed to decode value", False),
    ],
)
def test_what_the_system_refuses_is_not_damage(reason: str, systems: bool) -> None:
    """An index that only cannot be read now is not set aside."""
    assert is_systems(reason) == systems
