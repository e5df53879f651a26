"""What every vector store must do, held against the embedded engine and against a Qdrant server.

Without TEST_VECTOR_DB_URL the server is qdrant-client's local mode, with it the one behind that URL.
"""

import os
import random
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_server import ServerStore, connect
from code_rag.rag_server.model import Point, Scope, Scored, SparseVector, StoredFile
from code_rag.rag_server.ports import VectorStore
from code_rag.servicekit.errors import Unavailable, UpstreamFailed
from tests.unit.rag_server.fakes import DIMENSION, local_qdrant, make_chunk, make_file, term_of, vector_of

ANYWHERE = Scope()
NOTHING = SparseVector((), ())


def words(*indices: int) -> SparseVector:
    return SparseVector(tuple(sorted(indices)), (1.0,) * len(indices))


def paths(found: tuple[Scored, ...]) -> list[str]:
    return [scored.chunk.path for scored in found]


async def embed_all(store: VectorStore, points: list[Point]) -> None:
    await store.add_vectors({point.chunk.id: vector_of(point.chunk.text) for point in points})


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[VectorStore]:
    store = open_edge_store(tmp_path / "index", DIMENSION)
    yield store
    await store.close()


@pytest.fixture
async def server() -> AsyncIterator[VectorStore]:
    url = os.environ.get("TEST_VECTOR_DB_URL")
    client = connect(url, os.environ.get("TEST_VECTOR_DB_API_KEY")) if url else local_qdrant()
    collection = f"test-{uuid.uuid4().hex}"
    store = ServerStore(client, collection, DIMENSION, page=100)  # so that listings have several
    yield store
    await client.delete_collection(collection)
    await store.close()


@pytest.fixture(params=["edge", "server"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    found: VectorStore = request.getfixturevalue(request.param)
    return found


async def test_empty_store(store: VectorStore) -> None:
    """A store that was never written to answers every question with nothing."""
    await store.ping()
    assert await store.count() == 0
    assert await store.count_files() == 0
    assert await store.files() == {}
    assert await store.unembedded(["a.py"]) == []
    found = await store.search(vector_of("x"), words(1), ANYWHERE, 10)
    assert (found.dense, found.sparse) == ((), ())
    await store.remove_stale("a.py", "")


async def test_chunk_comes_back_whole(store: VectorStore) -> None:
    """A found chunk equals the one that was stored, in every field."""
    points = make_file("src/a/b.py", ["alpha\n\ttab ü 漢 \0 nul"])
    await store.upsert(points)
    await embed_all(store, points)
    found = await store.search(vector_of("x"), words(1), ANYWHERE, 10)
    assert [scored.chunk for scored in found.dense] == [points[0].chunk]
    assert [scored.chunk for scored in found.sparse] == [points[0].chunk]


async def test_words_before_meaning(store: VectorStore) -> None:
    """A chunk without its dense vector is found by its words alone, and listed as unembedded."""
    points = make_file("a.py", ["one", "two"])
    await store.upsert(points)
    found = await store.search(vector_of("one"), words(term_of("one")), ANYWHERE, 10)
    assert found.dense == ()
    assert [scored.chunk.text for scored in found.sparse] == ["one"]
    assert {chunk.text for chunk in await store.unembedded(["a.py", "b.py"])} == {"one", "two"}
    await store.add_vectors({points[0].chunk.id: vector_of("one")})
    assert [chunk.text for chunk in await store.unembedded(["a.py"])] == ["two"]
    assert await store.files() == {"a.py": StoredFile("v1", 2, True, 1)}


async def test_known_chunk_keeps_its_vector(store: VectorStore) -> None:
    """Storing a chunk again changes all about it but its dense vector."""
    old = make_file("a.py", ["one"], version="v1")
    await store.upsert(old)
    await embed_all(store, old)
    new = make_file("a.py", ["one", "two"], version="v2")
    await store.upsert(new)
    assert [chunk.text for chunk in await store.unembedded(["a.py"])] == ["two"]
    found = await store.search(vector_of("one"), NOTHING, ANYWHERE, 10)
    assert [scored.chunk for scored in found.dense] == [new[0].chunk]
    assert found.dense[0].score == pytest.approx(1.0, abs=1e-5)
    assert await store.files() == {"a.py": StoredFile("v2", 2, True, 1)}


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
    assert (await store.count(), await store.count_files()) == (1, 1)


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
    assert await store.count_files() == 4


async def test_a_chunk_that_is_gone_gets_no_vector(store: VectorStore) -> None:
    """Vectors for chunks of which one was removed meanwhile are an error, and make no new chunk."""
    points = make_file("a.py", ["one", "two"])
    await store.upsert(points[:1])
    with pytest.raises((Unavailable, UpstreamFailed)):
        await embed_all(store, points)
    await embed_all(store, points[:1])
    assert (await store.files())["a.py"].unembedded == 0
    assert await store.count() == 1


async def test_scope_narrows_both_searches(store: VectorStore) -> None:
    """A path and a language narrow the dense and the sparse search alike."""
    points = [
        *make_file("src/a.py", ["a"]),
        *make_file("src/deep/b.go", ["b"], language="go"),
        *make_file("other/c.py", ["c"]),
    ]
    await store.upsert(points)
    await embed_all(store, points)
    for scope, expected in [
        (Scope(path="src"), {"src/a.py", "src/deep/b.go"}),
        (Scope(language="python"), {"src/a.py", "other/c.py"}),
        (Scope(path="src", language="go"), {"src/deep/b.go"}),
        (Scope(path="sr"), set()),
    ]:
        found = await store.search(vector_of("q"), words(1), scope, 10)
        assert set(paths(found.dense)) == expected
        assert set(paths(found.sparse)) == expected


async def test_search_by_one_of_two(store: VectorStore) -> None:
    """Without a dense vector, or without words, the other search still answers."""
    points = make_file("a.py", ["one"])
    await store.upsert(points)
    await embed_all(store, points)
    by_words = await store.search(None, words(1), ANYWHERE, 10)
    by_meaning = await store.search(vector_of("one"), NOTHING, ANYWHERE, 10)
    neither = await store.search(None, NOTHING, ANYWHERE, 10)
    assert (paths(by_words.dense), paths(by_words.sparse)) == ([], ["a.py"])
    assert (paths(by_meaning.dense), paths(by_meaning.sparse)) == (["a.py"], [])
    assert (neither.dense, neither.sparse) == ((), ())


async def test_chunk_without_words(store: VectorStore) -> None:
    """A chunk of punctuation alone has no words, and is stored and found by its dense vector."""
    point = Point(make_chunk("a.c", 0, "}"), NOTHING)
    await store.upsert([point])
    await embed_all(store, [point])
    found = await store.search(vector_of("}"), words(1), ANYWHERE, 10)
    assert (paths(found.dense), paths(found.sparse)) == (["a.c"], [])
    assert await store.files() == {"a.c": StoredFile("v1", 1, True, 0)}


async def test_rare_words_weigh_more(store: VectorStore) -> None:
    """A word's weight falls with the number of chunks that have it."""
    await store.upsert([point for n in range(20) for point in make_file(f"{n}.py", [f"text {n}"])])
    found = await store.search(None, words(1, term_of("text 7")), ANYWHERE, 20)
    assert found.sparse[0].chunk.path == "7.py"
    assert found.sparse[0].score > 10 * found.sparse[1].score


async def test_same_answers_from_both(edge: VectorStore, server: VectorStore) -> None:
    """1,000 random points give the same hits and scores in both stores, equal scores in any order."""
    dice = random.Random(20)  # noqa: S311 – the same numbers in each run
    points = [_random_point(dice, number) for number in range(1000)]
    vectors = {point.chunk.id: [dice.gauss(0, 1) for _ in range(DIMENSION)] for point in points}
    for store in (edge, server):
        for start in range(0, len(points), 250):
            await store.upsert(points[start : start + 250])
        await store.add_vectors(vectors)
    assert await edge.files() == await server.files()
    for _ in range(40):
        scope = Scope(dice.choice(["", "p1", "p2/q1"]), dice.choice(["", "python"]))
        query = (
            [dice.gauss(0, 1) for _ in range(DIMENSION)],
            words(*dice.sample(range(200), dice.randint(1, 5))),
        )
        ours, theirs = await edge.search(*query, scope, 20), await server.search(*query, scope, 20)
        _assert_same(ours.dense, theirs.dense)
        _assert_same(ours.sparse, theirs.sparse)


def _random_point(dice: random.Random, number: int) -> Point:
    path = f"p{dice.randint(0, 3)}/q{dice.randint(0, 3)}/{dice.randint(0, 9)}.py"
    chunk = make_chunk(path, number, f"text {number}", language=dice.choice(["python", "go"]))
    # At least one word: when it weighs words, Qdrant's engine leaves out chunks without any, local mode not.
    indices = tuple(sorted(dice.sample(range(200), dice.randint(1, 12))))
    return Point(chunk, SparseVector(indices, tuple(dice.uniform(0.1, 2) for _ in indices)))


def _assert_same(ours: tuple[Scored, ...], theirs: tuple[Scored, ...]) -> None:
    assert [scored.score for scored in ours] == pytest.approx([scored.score for scored in theirs], abs=1e-4)
    cut = (
        ours[-1].score + 1e-4 if ours else 0.0
    )  # of those that tie with the last one, either may be left out
    assert {s.chunk.id for s in ours if s.score > cut} == {s.chunk.id for s in theirs if s.score > cut}
