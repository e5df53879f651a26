"""Going to the next version of the program and back keeps the index and its vectors."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_payload import cache_name, index_name, is_of
from code_rag.rag_server.adapters.sqlite_cache import open_sqlite_cache
from code_rag.rag_server.cli.archive import opened
from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.vector_table import read
from code_rag.rag_server.vectors import as_kept, vector_key
from tests.unit.rag_server.fakes import DIMENSION, vector_of
from tests.unit.rag_server.index_bench import Bench, function

KEPT = Path(__file__).parents[2] / "golden/kept"
"""What version 0.1.0 wrote of three texts. Never write it again: a new version must read it."""


def index_of(version: int) -> str:
    """The name that the index has in a version with another layout or chunker."""
    return f"code-{version:08x}"


async def indexed(folder: Path, version: int) -> tuple[list[str], int]:
    """Run a version to the end: the texts that it embedded, and how many files it stored again."""
    store = open_edge_store(folder / index_of(version), DIMENSION, folder / "code-vectors.sqlite3")
    bench = Bench(folder / "code", store)
    report = await bench.index()
    await bench.stored()
    await bench.indexer.close()
    await store.close()
    return bench.embedder.embedded, report.files.indexed


async def test_up_and_down_embeds_nothing_twice(tmp_path: Path) -> None:
    """The next version takes all vectors over, and the one before finds its own index as it left it."""
    (tmp_path / "code").mkdir()
    for name in ("alpha", "beta"):
        (tmp_path / "code" / f"{name}.py").write_text(function(name, 60))
    embedded, stored = await indexed(tmp_path, 1)
    assert embedded
    assert stored == 2

    assert await indexed(tmp_path, 2) == ([], 2)
    assert await indexed(tmp_path, 1) == ([], 0)


def test_vectors_have_a_name_of_their_own() -> None:
    """The vectors of a model are kept apart from its index, under names that earlier versions gave."""
    before = EmbeddingModel("m", 8).space
    index, cache = index_name("code", before), cache_name("code", before)
    assert is_of("code", index)
    assert (index, cache) == ("code-11865306", "code-85e5aae3"), "what was kept before would not be found"


def test_an_index_of_another_kind_has_another_name() -> None:
    """The name changes with the model's fingerprint and redaction, not with the name of the model."""
    one, other = EmbeddingModel("m", 8, 256, "a" * 16), EmbeddingModel("m", 8, 256, "b" * 16)
    renamed = EmbeddingModel("n", 8, 256, "a" * 16)
    names = [index_name("code", each.space) for each in (one, other, renamed)]
    names.append(index_name("code", one.space, redacted=False))
    assert len(set(names)) == 3
    assert names[0] == names[2]
    assert all(is_of("code", name) for name in names)


def kept_vectors() -> Mapping[str, Vector]:
    """What the files of version 0.1.0 hold."""
    texts = json.loads((KEPT / "texts.json").read_text())
    return {vector_key(text): as_kept(vector_of(text)) for text in texts}


async def test_kept_vectors_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    """The vectors beside an index of version 0.1.0 are found under the keys of their texts, bit by bit."""
    shutil.copy(KEPT / "vectors.sqlite3", tmp_path)
    cache = open_sqlite_cache(tmp_path / "vectors.sqlite3")
    expected = kept_vectors()
    assert await cache.get(list(expected)) == expected
    await cache.close()


def test_an_export_of_an_earlier_version_is_read() -> None:
    """A file that version 0.1.0 exported holds the same vectors under the same keys."""
    with opened(KEPT / "shop.coderag") as archive:
        dimension = archive.manifest.model.dimension
        parts = [read(archive.part(part), dimension) for part in archive.manifest.parts]
    assert parts == [kept_vectors()]
