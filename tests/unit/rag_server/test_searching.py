"""The search use case."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Query, Scope, Vector, VectorCounts
from code_rag.rag_server.progress import Searchable
from code_rag.rag_server.searching import CANDIDATES, Searcher
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import Unavailable, UpstreamTimeout
from tests.unit.rag_server.answer_fakes import FakeStore, a_candidate, a_chunk, a_report
from tests.unit.rag_server.fakes import FakeEmbedder, vector_of

A, B, C = (a_chunk(path=f"{name}.py", text=f"def {name}(): ...") for name in "abc")


def a_searcher(
    store: FakeStore, embedder: FakeEmbedder | None = None, pending: int = 0, counted: list[str] | None = None
) -> Searcher:
    """A searcher over fakes that notes the degradations it counts."""
    count = [] if counted is None else counted
    return Searcher(
        Space(store, embedder or FakeEmbedder()),
        lambda path: a_report(pending),
        lambda path: "shop",
        count.append,
    )


async def test_the_store_is_asked_by_meaning_words_and_names() -> None:
    """The store sees the query's vector, its terms and the symbols it names; the best hits come back."""
    store = FakeStore([a_candidate(A, 1.0, 0.1), a_candidate(B, 9.0, 0.8), a_candidate(C, 2.0, 0.3)])

    found = await a_searcher(store).search("when is `cancel` called", Scope("shop", "python"), limit=2)

    question = "when is `cancel` called"
    names = frozenset({"cancel"})
    assert store.asked == [
        (Query(vector_of(question), encode_query(question), names, Scope("shop", "python")), CANDIDATES)
    ]
    assert [hit.chunk for hit in found.hits] == [B, C]
    assert found.degraded == ()
    assert found.timings.keys() == {"refresh", "embed", "search", "rank"}


async def test_copies_make_room_for_other_texts() -> None:
    """Where the first candidates are copies of few texts, more are fetched until there are enough hits."""
    copies = [a_candidate(a_chunk(f"copy{n}.py"), 9.0) for n in range(CANDIDATES)]
    store = FakeStore([*copies, a_candidate(a_chunk("other.py", text="def cancel_all(): ..."), 1.0)])

    found = await a_searcher(store).search("cancel", Scope(), limit=2)

    assert [limit for _, limit in store.asked] == [CANDIDATES, 4 * CANDIDATES]
    assert [len(hit.copies) for hit in found.hits] == [CANDIDATES - 1, 0]
    assert found.hits[1].chunk.path == "other.py"


async def test_without_the_embedder_the_lexical_search_answers_and_says_so() -> None:
    """A missing embedding-server costs the vectors alone; it is named and counted."""
    store, counted = FakeStore([a_candidate(A, cosine=0.9), a_candidate(B, 9.0, 0.1)]), list[str]()
    away = FakeEmbedder(UpstreamTimeout("embedding-server did not answer in time."))

    found = await a_searcher(store, away, counted=counted).search("cancel", Scope(), limit=5)

    assert [hit.chunk for hit in found.hits] == [B]
    assert found.degraded == ("semantic search is off: embedding-server did not answer in time.",)
    assert counted == ["semantic search is off"]


async def test_a_missing_store_is_an_error() -> None:
    """Without the store there is nothing to fall back on."""
    store = FakeStore(failure=Unavailable("The vector store is away."))

    with pytest.raises(Unavailable, match="vector store"):
        await a_searcher(store).search("cancel", Scope(), limit=5)


async def test_an_unfinished_index_is_named() -> None:
    """While files are pending every result says how many."""
    found = await a_searcher(FakeStore([a_candidate(A, 1.0)]), pending=12).search("cancel", Scope(), 5)

    assert found.degraded == ("indexing: 12 files pending",)


async def test_a_failed_run_is_named() -> None:
    """An index whose last run failed may be stale, and every result says so."""
    counted = list[str]()
    report = a_report(pending=3, state="failed", detail="The codebase cannot be read.")
    searcher = Searcher(
        Space(FakeStore(), FakeEmbedder()), lambda path: report, lambda path: "shop", counted.append
    )

    found = await searcher.search("cancel", Scope(), 5)

    assert found.degraded == ("indexing: the last run failed: The codebase cannot be read.",)
    assert counted == ["indexing"]


async def test_what_is_searchable_is_counted_in_the_store() -> None:
    """Files and chunks come from the store itself; one that is away leaves them unknown."""
    counted = await a_searcher(FakeStore(chunks=7)).searchable(["shop", "billing"])
    assert counted == [Searchable(7, 7, VectorCounts(whole=7)), Searchable(0, 0)]
    assert await a_searcher(FakeStore(failure=Unavailable("away"))).searchable(["shop"]) is None


@pytest.mark.parametrize(("chunks", "degraded"), [(0, ("indexing: nothing is indexed yet",)), (7, ())])
async def test_an_empty_index_is_told_from_an_empty_result(chunks: int, degraded: tuple[str, ...]) -> None:
    """Finding nothing is a fact about the code only where some code is indexed."""
    found = await a_searcher(FakeStore(chunks=chunks)).search("cancel", Scope(), 5)

    assert (found.hits, found.degraded) == ((), degraded)


async def test_a_search_ends_in_the_space_where_it_began() -> None:
    """Where searches move to another model's index in between, the vector is not compared with that one's."""
    before, after = FakeStore([a_candidate(A, 1.0, 0.5)]), FakeStore([a_candidate(B, 1.0, 0.5)])

    class Moving(FakeEmbedder):
        async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
            searcher.space = Space(after, FakeEmbedder())
            return await super().embed(texts, background=background)

    searcher = a_searcher(before, Moving())
    found = await searcher.search("cancel", Scope(), 5)
    nearby = await searcher.nearest(found, ["a.py"], 5)

    assert [hit.chunk for hit in found.hits] == [each.chunk for each in nearby] == [A]
    assert len(before.asked) == 2
    assert after.asked == []


async def test_words_answer_where_a_space_has_a_gap() -> None:
    """While vectors of another model are made, no vector is asked for, and the answer says why."""
    embedder, counted = FakeEmbedder(), list[str]()
    searcher = a_searcher(FakeStore([a_candidate(A, 1.0, 0.5)]), embedder, counted=counted)
    searcher.space = replace(searcher.space, gap="vectors are being made; until then words answer")

    found = await searcher.search("cancel", Scope(), 5)

    assert (found.vector, embedder.embedded) == (None, [])
    assert found.degraded[0] == "semantic search is off: vectors are being made; until then words answer"
    assert counted == ["semantic search is off"]
