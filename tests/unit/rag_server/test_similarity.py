"""Code that is similar to a place: by its stored vector and its words, itself left out, copies named."""

from pathlib import Path

import pytest

from code_rag.rag_server.model import Scope
from code_rag.rag_server.similarity import SimilarFinder
from code_rag.servicekit.errors import InvalidInput, NotFound
from tests.unit.rag_server.indexed import searcher_of

REFUND = (
    "def refund(order, window):\n    if order.age > window:\n        raise TooLate(order)\n    pay(order)\n"
)
FILES = {
    "shop/a.py": f"# shop\n\n\n{REFUND}",
    "copy/b.py": f"# shop\n\n\n{REFUND}",
    "bank/c.py": "def refund_transfer(order):\n    if order.age > 30:\n        raise TooLate(order)\n",
    "bank/d.py": "import json\n\nprint(json.dumps(1))\n",
}


async def test_copies_come_first_and_the_place_itself_never(tmp_path: Path) -> None:
    """A copy is named as one and scores 1 in words; every score is the sum of its parts."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        found = await SimilarFinder(searcher).find_similar("shop/a.py", 5, Scope(), 10)
    assert (found.subject.path, found.subject.start_line) == ("shop/a.py", 1)
    assert "shop/a.py" not in [similar.chunk.path for similar in found.similar]
    first, second = found.similar[:2]
    assert (first.chunk.path, first.is_copy) == ("copy/b.py", True)
    assert first.lexical == pytest.approx(0.5, abs=0.05)
    assert (second.chunk.path, second.is_copy) == ("bank/c.py", False)
    assert all(0 <= similar.score <= 1.001 for similar in found.similar)
    assert found.degraded == ()


async def test_scope_and_limit(tmp_path: Path) -> None:
    """Both narrow the result, not where the place may be."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        found = await SimilarFinder(searcher).find_similar("shop/a.py", 1, Scope(path="bank"), 1)
    assert [similar.chunk.path for similar in found.similar] == ["bank/c.py"]


async def test_without_a_vector_words_are_compared_and_it_says_so(tmp_path: Path) -> None:
    """A chunk that is not embedded yet is compared by its words only, on the whole scale."""
    async with searcher_of(tmp_path, FILES, embedded=False) as (searcher, _):
        found = await SimilarFinder(searcher).find_similar("shop/a.py", 5, Scope(), 10)
    assert found.degraded == ("semantic search is off: this part of the file has no vector yet",)
    assert (found.similar[0].chunk.path, found.similar[0].dense) == ("copy/b.py", None)
    assert found.similar[0].score == pytest.approx(1, abs=0.1)


async def test_places_that_are_not_there(tmp_path: Path) -> None:
    """A file that is not indexed and a line after the end are named."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        finder = SimilarFinder(searcher)
        with pytest.raises(NotFound, match=r"nowhere\.py is not in the index"):
            await finder.find_similar("nowhere.py", 1, Scope(), 10)
        with pytest.raises(InvalidInput, match=r"bank/d\.py ends at line 3"):
            await finder.find_similar("bank/d.py", 99, Scope(), 10)
