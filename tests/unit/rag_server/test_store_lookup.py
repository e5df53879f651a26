"""Both stores look chunks up by the names that they define and use, and by their place, without ranking."""

from code_rag.rag_server.model import Scope
from code_rag.rag_server.ports import VectorStore
from tests.unit.rag_server.fakes import make_file, vector_of

ANYWHERE = Scope()


async def filled(store: VectorStore) -> VectorStore:
    """Two files with two chunks and one; the first chunk has a vector."""
    points = [*make_file("src/a.py", ["one", "two"]), *make_file("b.go", ["three"], language="go")]
    await store.upsert(points)
    await store.add_vectors({points[0].chunk.id: vector_of("one")}, "whole")
    return store


async def test_an_empty_store_knows_no_names(store: VectorStore) -> None:
    """Every lookup in a store that was never written to finds nothing."""
    assert await store.defining(["part0"], ANYWHERE, 10) == []
    assert await store.referencing(["everywhere"], ANYWHERE, 10) == []
    assert await store.in_file("a.py") == []
    assert await store.defined_names() == []
    assert await store.vectors([make_file("a.py", ["one"])[0].chunk.id]) == {}


async def test_definitions_by_name(store: VectorStore) -> None:
    """A chunk is found by the last part of a symbol that it defines, within the scope, up to the limit."""
    await filled(store)
    assert {chunk.text for chunk in await store.defining(["part0"], ANYWHERE, 10)} == {"one", "three"}
    assert {chunk.text for chunk in await store.defining(["part0", "part1"], ANYWHERE, 10)} == {
        *("one", "two", "three")
    }
    assert [chunk.text for chunk in await store.defining(["part0"], Scope(path="src"), 10)] == ["one"]
    assert len(await store.defining(["part0"], ANYWHERE, 1)) == 1
    assert await store.defining(["Thing.part_0", "part"], ANYWHERE, 10) == []


async def test_uses_by_name(store: VectorStore) -> None:
    """A chunk is found by a name that it uses, and comes back whole."""
    await filled(store)
    (found,) = await store.referencing(["used_by_1"], ANYWHERE, 10)
    assert found == make_file("src/a.py", ["one", "two"])[1].chunk
    go = await store.referencing(["everywhere"], Scope(language="go"), 10)
    assert [chunk.text for chunk in go] == ["three"]
    assert await store.referencing(["part0"], ANYWHERE, 10) == []


async def test_names_that_are_defined(store: VectorStore) -> None:
    """Each defined name is listed once, and not those of deleted chunks."""
    await filled(store)
    assert sorted(await store.defined_names()) == ["part0", "part1"]
    await store.remove_stale("src/a.py", "")
    assert await store.defined_names() == ["part0"]


async def test_chunks_of_a_file_in_order(store: VectorStore) -> None:
    """A file's chunks come in the order of its lines; another file's do not."""
    await filled(store)
    assert [chunk.text for chunk in await store.in_file("src/a.py")] == ["one", "two"]
    assert await store.in_file("src") == []


async def test_vectors_by_id(store: VectorStore) -> None:
    """Stored vectors are returned at unit length; a chunk without one, or an unknown one, is missing."""
    await filled(store)
    chunks = await store.in_file("src/a.py")
    found = await store.vectors([chunk.id for chunk in chunks])
    assert list(found) == [chunks[0].id]
    assert abs(sum(value * value for value in found[chunks[0].id]) - 1) < 1e-3
