"""A masked store answers as one in which the other text is stored."""

from dataclasses import replace
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.qdrant_edge import EdgeStore, open_edge_store
from code_rag.rag_server.lexical import encode_document, encode_query
from code_rag.rag_server.masking import Mask, MaskedStore
from code_rag.rag_server.model import Candidates, Chunk, Point, Query
from tests.unit.rag_server.answer_fakes import a_chunk
from tests.unit.rag_server.fakes import DIMENSION, vector_of

WORDS = ["alpha beta gamma", "beta delta", "gamma delta epsilon", "alpha alpha zeta", "zeta eta theta beta"]
CHUNKS = [a_chunk(path=f"{number}.py", text=text) for number, text in enumerate(WORDS)]


async def filled(folder: Path, chunks: list[Chunk]) -> EdgeStore:
    """A store of these chunks, each with its vector."""
    store = open_edge_store(folder, DIMENSION)
    await store.upsert([Point(chunk, encode_document(chunk)) for chunk in chunks])
    await store.add_vectors({chunk.id: vector_of(chunk.text) for chunk in chunks}, "whole")
    return store


def cosines(found: Candidates) -> dict[str, float | None]:
    return {each.chunk.path: each.cosine for each in found.found}


def words(found: Candidates) -> dict[str, float]:
    return {each.chunk.path: each.bm25 for each in found.found}


@pytest.mark.parametrize("query", ["alpha", "beta gamma", "zeta", "delta theta alpha", "nothing"])
async def test_masks_are_found_as_if_they_were_stored(tmp_path: Path, query: str) -> None:
    """Both scores are those of a store with the other text, but for how rare its terms are."""
    other = replace(CHUNKS[0], text="gamma beta beta")  # without alpha, which chunk 3 keeps
    real = await filled(tmp_path / "real", CHUNKS)
    changed = await filled(tmp_path / "changed", [other, *CHUNKS[1:]])
    masked = MaskedStore(real, {other.id: Mask(other, vector_of(other.text))})
    wanted = Query(vector_of(query), encode_query(query))

    found, expected = await masked.search(wanted, 10), await changed.search(wanted, 10)

    assert cosines(found) == pytest.approx(cosines(expected), abs=1e-4)
    assert words(found) == pytest.approx(words(expected), rel=0.5)
    assert {path for path, score in words(found).items() if score} == {
        path for path, score in words(expected).items() if score
    }
    assert await masked.count() == 5
    for store in (real, changed):
        await store.close()


async def test_a_mask_that_neither_search_finds_is_left_out(tmp_path: Path) -> None:
    """What could not be embedded and has no word of the query is no candidate; with a word it is."""
    store = await filled(tmp_path / "index", CHUNKS)
    masked = MaskedStore(store, {CHUNKS[0].id: Mask(replace(CHUNKS[0], text="zeta"), None)})
    without = await masked.search(Query(vector_of("x"), encode_query("gamma")), 2)
    with_word = await masked.search(Query(vector_of("x"), encode_query("zeta")), 2)
    assert "0.py" not in words(without)
    assert {each.chunk.text: each.cosine for each in with_word.found}["zeta"] is None
    await store.close()
