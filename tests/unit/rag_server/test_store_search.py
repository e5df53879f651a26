"""What every vector store must find, held against the embedded engine and against a Qdrant server."""

import math
import random

import pytest

from code_rag.rag_server.model import Candidates, Point, Query, Scope, SparseVector, StoredFile
from code_rag.rag_server.ports import VectorStore
from tests.unit.rag_server.fakes import DIMENSION, make_chunk, make_file, term_of, vector_of
from tests.unit.rag_server.stores import NOTHING, embed_all, paths, search, words

NAMES = [f"part{number}" for number in range(1000)]


async def test_scope_narrows_both_searches(store: VectorStore) -> None:
    """A path, a language and a choice of files narrow the dense and the sparse search alike."""
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
        (Scope(files=("src/a.py", "other/c.py")), {"src/a.py", "other/c.py"}),
    ]:
        assert paths(await search(store, vector_of("q"), NOTHING, scope)) == expected
        assert paths(await search(store, None, words(1), scope)) == expected


async def test_search_by_one_of_two(store: VectorStore) -> None:
    """Without a dense vector, or without words, the other search still answers."""
    points = make_file("a.py", ["one"])
    await store.upsert(points)
    await embed_all(store, points)
    by_words = (await search(store, None, words(1))).found[0]
    by_meaning = (await search(store, vector_of("one"), NOTHING)).found[0]
    assert by_words.cosine is None
    assert by_words.bm25 > 0
    assert by_meaning.cosine is not None
    assert by_meaning.bm25 == 0
    assert (await search(store, None, NOTHING)).found == ()


async def test_every_candidate_has_both_scores(store: VectorStore) -> None:
    """A chunk that only one search has among its best is scored by the other one too."""
    points = [*make_file("near.py", ["near"]), *make_file("far.py", ["far"])]
    await store.upsert(points)
    await embed_all(store, points)
    found = await search(store, vector_of("near"), words(1, term_of("far")), limit=1)
    assert not found.exhausted
    scores = {candidate.chunk.path: candidate for candidate in found.found}
    assert scores["near.py"].cosine == pytest.approx(1.0, abs=1e-5)
    assert scores["far.py"].bm25 > scores["near.py"].bm25 > 0
    assert scores["far.py"].cosine is not None


async def test_definitions_are_found_by_name(store: VectorStore) -> None:
    """A definition of a name is a candidate even where other chunks have more of the query's words."""
    plain = [point for n in range(5) for point in make_file(f"{n}.py", [f"text {n}"])]
    defining = make_file("deep/z.py", ["first", "second"])[1]
    await store.upsert([*plain, defining])
    query = Query(None, words(1, *(term_of(f"text {n}") for n in range(5))), frozenset({"part1"}))
    found = await store.search(query, 2)
    assert "deep/z.py" in paths(found)
    assert len(found.found) == 3


async def test_how_rare_each_term_is(store: VectorStore) -> None:
    """The idf of a term is that of Qdrant's formula, and 0 for a term that no chunk has."""
    await store.upsert([point for n in range(9) for point in make_file(f"{n}.py", [f"text {n}"])])
    found = await search(store, None, words(1, 5, term_of("text 7")))
    assert found.idf == {
        1: pytest.approx(math.log(1 + 0.5 / 9.5), rel=1e-3),
        5: 0.0,
        term_of("text 7"): pytest.approx(math.log(1 + 8.5 / 1.5), rel=1e-3),
    }


async def test_chunk_without_words(store: VectorStore) -> None:
    """A chunk of punctuation alone has no words, and is stored and found by its dense vector."""
    point = Point(make_chunk("a.c", 0, "}"), NOTHING)
    await store.upsert([point])
    await embed_all(store, [point])
    assert paths(await search(store, vector_of("}"), words(1))) == {"a.c"}
    assert paths(await search(store, None, words(1))) == set()
    assert await store.files() == {"a.c": StoredFile("v1", 1, True, 0)}


async def test_rare_words_weigh_more(store: VectorStore) -> None:
    """A word's weight falls with the number of chunks that have it."""
    await store.upsert([point for n in range(20) for point in make_file(f"{n}.py", [f"text {n}"])])
    found = await search(store, None, words(1, term_of("text 7")), limit=20)
    best, second, *_ = sorted(found.found, key=lambda candidate: -candidate.bm25)
    assert best.chunk.path == "7.py"
    assert best.bm25 > 10 * second.bm25


async def test_same_answers_from_both(edge: VectorStore, server: VectorStore) -> None:
    """1,000 random points give the same hits and scores in both stores, equal scores in any order."""
    dice = random.Random(20)  # noqa: S311 – the same numbers in each run
    points = [_random_point(dice, number) for number in range(1000)]
    vectors = {point.chunk.id: [dice.gauss(0, 1) for _ in range(DIMENSION)] for point in points}
    for store in (edge, server):
        for start in range(0, len(points), 250):
            await store.upsert(points[start : start + 250])
        await store.add_vectors(vectors, "whole")
    assert await edge.files() == await server.files()
    for _ in range(40):
        scope = Scope(dice.choice(["", "p1", "p2/q1"]), dice.choice(["", "python"]))
        dense = [dice.gauss(0, 1) for _ in range(DIMENSION)]
        sparse = words(*dice.sample(range(200), dice.randint(1, 5)))
        query = Query(dense, sparse, frozenset(dice.sample(NAMES, 2)), scope)
        _assert_same(await edge.search(query, 20), await server.search(query, 20))


def _random_point(dice: random.Random, number: int) -> Point:
    path = f"p{dice.randint(0, 3)}/q{dice.randint(0, 3)}/{dice.randint(0, 9)}.py"
    chunk = make_chunk(path, number, f"text {number}", language=dice.choice(["python", "go"]))
    # At least one word: when it weighs words, Qdrant's engine leaves out chunks without any, local mode not.
    indices = tuple(sorted(dice.sample(range(200), dice.randint(1, 12))))
    return Point(chunk, SparseVector(indices, tuple(dice.uniform(0.1, 2) for _ in indices)))


def _assert_same(ours: Candidates, theirs: Candidates) -> None:
    """The same chunks with the same scores; of those that tie with the last one, either may be missing."""
    left, right = ({each.chunk.id: each for each in found.found} for found in (ours, theirs))
    both = left.keys() & right.keys()
    assert len(both) >= 0.9 * max(len(left), len(right))
    for key in both:
        assert left[key].cosine == pytest.approx(right[key].cosine, abs=1e-4)
        assert left[key].bm25 == pytest.approx(right[key].bm25, abs=1e-4)
    assert ours.idf == pytest.approx(theirs.idf, rel=1e-3)
