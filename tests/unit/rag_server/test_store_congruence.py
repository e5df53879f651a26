"""What every vector store must do, held against the embedded engine and against a Qdrant server.

Without TEST_VECTOR_DB_URL the server is qdrant-client's local mode, with it the one behind that URL.
"""

from dataclasses import replace

import pytest

from code_rag.rag_server.model import DenseVector, StoredFile
from code_rag.rag_server.ports import VectorStore
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.fakes import make_file, term_of, vector_of
from tests.unit.rag_server.stores import NOTHING, embed_all, search, words


async def test_empty_store(store: VectorStore) -> None:
    """A store that was never written to answers every question with nothing."""
    await store.ping()
    assert await store.count() == 0
    assert await store.counts() == {}
    assert await store.files() == {}
    assert await store.stored_chunks(["a.py"], missing="whole") == []
    assert (await search(store, vector_of("x"), words(1))).found == ()
    await store.remove_stale("a.py", "")


async def test_chunk_comes_back_whole(store: VectorStore) -> None:
    """A found chunk equals the one that was stored, in every field."""
    points = make_file("src/a/b.py", ["alpha\n\ttab ü 漢 \0 nul"])
    await store.upsert(points)
    await embed_all(store, points)
    by_meaning = await search(store, vector_of("x"), NOTHING)
    by_words = await search(store, None, words(1))
    assert [candidate.chunk for candidate in by_meaning.found] == [points[0].chunk]
    assert [candidate.chunk for candidate in by_words.found] == [points[0].chunk]


async def test_words_before_meaning(store: VectorStore) -> None:
    """A chunk without its dense vector is found by its words alone, and listed as unembedded."""
    points = make_file("a.py", ["one", "two"])
    await store.upsert(points)
    found = await search(store, vector_of("one"), words(term_of("one")))
    assert [(candidate.chunk.text, candidate.cosine) for candidate in found.found] == [("one", None)]
    assert {chunk.text for chunk in await store.stored_chunks(["a.py", "b.py"], missing="header")} == {
        "one",
        "two",
    }
    await store.add_vectors({points[0].chunk.id: vector_of("one")}, "whole")
    assert [chunk.text for chunk in await store.stored_chunks(["a.py"], missing="whole")] == ["two"]
    assert await store.files() == {"a.py": StoredFile("v1", 2, True, 1)}


async def test_known_chunk_is_replaced(store: VectorStore) -> None:
    """Storing a chunk again replaces all about it: its dense vector is the one it is stored with, or none."""
    old = make_file("a.py", ["one", "two"], version="v1")
    await store.upsert(old)
    await embed_all(store, old)
    first, second = make_file("a.py", ["one", "two"], version="v2")
    await store.upsert([replace(first, dense=DenseVector("whole", vector_of("new"))), second])
    assert [chunk.text for chunk in await store.stored_chunks(["a.py"], missing="header")] == ["two"]
    found = await search(store, vector_of("new"), NOTHING)
    assert [candidate.chunk for candidate in found.found] == [first.chunk]
    assert found.found[0].cosine == pytest.approx(1.0, abs=1e-5)
    assert await store.files() == {"a.py": StoredFile("v2", 2, True, 1)}


async def test_header_before_whole(store: VectorStore) -> None:
    """A chunk with the vector of its header is found by it, and still misses the one of its whole text."""
    points = make_file("a.py", ["one", "two", "three"])
    await store.upsert([replace(points[0], dense=DenseVector("header", vector_of("head"))), *points[1:]])
    await store.add_vectors({points[1].chunk.id: vector_of("two")}, "header")
    assert await store.files() == {"a.py": StoredFile("v1", 3, True, 1, 2)}
    assert (await store.counts("header"), await store.counts("whole")) == ({"a.py": 2}, {})
    assert [chunk.text for chunk in await store.stored_chunks(["a.py"], missing="header")] == ["three"]
    assert len(await store.stored_chunks(["a.py"], missing="whole")) == 3
    assert (await search(store, vector_of("head"), NOTHING)).found[0].chunk.text == "one"

    await store.add_vectors({points[0].chunk.id: vector_of("one")}, "whole")
    assert (await store.counts("header"), await store.counts("whole")) == ({"a.py": 1}, {"a.py": 1})
    assert {chunk.text for chunk in await store.stored_chunks(["a.py"], missing="whole")} == {"two", "three"}
    assert len(await store.stored_chunks(["a.py"])) == 3
    assert (await search(store, vector_of("one"), NOTHING)).found[0].chunk.text == "one"


async def test_upsert_twice_is_upsert_once(store: VectorStore) -> None:
    """Storing the same points again doubles nothing."""
    points = make_file("a.py", ["one", "two"])
    await store.upsert(points)
    await store.upsert(points)
    assert await store.count() == 2
    assert await store.files() == {"a.py": StoredFile("v1", 2, True, 2)}


async def test_stale_chunks_go(store: VectorStore) -> None:
    """Only the chunks of other versions of that one file are removed."""
    await store.upsert(make_file("a.py", ["one", "two"], version="v1"))
    await store.upsert(make_file("b.py", ["one"], version="v1"))
    await store.upsert(make_file("a.py", ["three"], version="v2"))
    assert not (await store.files())["a.py"].complete
    await store.remove_stale("a.py", "v2")
    assert await store.files() == {"a.py": StoredFile("v2", 1, True, 1), "b.py": StoredFile("v1", 1, True, 1)}
    await store.remove_stale("a.py", "")
    assert list(await store.files()) == ["b.py"]
    assert (await store.count(), len(await store.counts())) == (1, 1)


async def test_missing_chunk_is_noticed(store: VectorStore) -> None:
    """A file with fewer points than its version has chunks is not complete."""
    await store.upsert(make_file("a.py", ["one", "two", "three"])[:2])
    assert await store.files() == {"a.py": StoredFile("v1", 2, False, 2)}


async def test_files_under_a_folder(store: VectorStore) -> None:
    """A path means the file itself and whatever is below the folder, not what merely starts the same."""
    for path in ("src/a.py", "src/deep/b.py", "src2/c.py", "src.py"):
        await store.upsert(make_file(path, [path]))
    assert set(await store.files("src")) == {"src/a.py", "src/deep/b.py"}
    assert set(await store.files("src/deep/b.py")) == {"src/deep/b.py"}
    assert set(await store.files("nowhere")) == set()
    assert len(await store.files()) == 4
    assert len(await store.counts()) == 4


async def test_a_chunk_that_is_gone_gets_no_vector(store: VectorStore) -> None:
    """Vectors for chunks of which one was removed meanwhile are an error, and make no new chunk."""
    points = make_file("a.py", ["one", "two"])
    await store.upsert(points[:1])
    with pytest.raises((Unavailable, UpstreamFailed)):
        await embed_all(store, points)
    await embed_all(store, points[:1])
    assert (await store.files())["a.py"].unembedded == 0
    assert await store.count() == 1
