"""Any model's cosines, brought to the scale that the ranking's weights were chosen for."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.model import Candidates, EmbeddingModel, Vector
from code_rag.rag_server.ranking import rank
from code_rag.rag_server.ranking.scale import PAIRS, QUESTIONS, RELATED, SNIPPETS, UNRELATED, Scale
from code_rag.rag_server.scaling import Scales
from tests.unit.rag_server.answer_fakes import a_candidate, a_chunk


class CrowdedEmbedder:
    """A model whose cosines are 0.8 for what belongs together and 0.7 for the rest, as e5's are close."""

    def __init__(self, name: str) -> None:
        self.model = EmbeddingModel(name, len(PAIRS) + 1)
        self.asked = 0

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        self.asked += 1
        places = [QUESTIONS.index(text) if text in QUESTIONS else SNIPPETS.index(text) for text in texts]
        own, shared = math.sqrt(0.1), math.sqrt(0.7)
        return [[*(own * (place == each) for each in range(len(PAIRS))), shared] for place in places]

    async def ping(self) -> str:
        return self.model.name

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_models_scale_is_measured_once() -> None:
    """Pairs that belong together, and those that do not, give both ends; later searches embed nothing."""
    embedder, scales = CrowdedEmbedder("crowded"), Scales()
    scale = await scales.of(embedder)
    assert [scale.unrelated, scale.related] == pytest.approx([0.7, 0.8])
    assert await scales.of(embedder) is scale
    assert embedder.asked == 2


async def test_the_default_model_needs_no_measuring() -> None:
    """For all-MiniLM-L6-v2 nothing is embedded, and candidates stay as they are."""
    embedder = CrowdedEmbedder("sentence-transformers/all-MiniLM-L6-v2")
    scale = await Scales().of(embedder)
    found = Candidates((a_candidate(a_chunk("a.py", 1, "x"), 0.0, 0.31),))
    assert scale.applied(found) is found
    assert embedder.asked == 0


def test_both_ends_are_where_the_default_model_has_them() -> None:
    """The ends of a crowded scale become those of all-MiniLM-L6-v2, and a chunk without vector stays so."""
    scale = Scale(0.7, 0.8)
    found = Candidates(
        tuple(
            a_candidate(a_chunk("a.py", line, "x"), 0.0, cosine)
            for line, cosine in ((1, 0.7), (2, 0.8), (3, None))
        )
    )
    assert [each.cosine for each in scale.applied(found).found] == [
        pytest.approx(UNRELATED),
        pytest.approx(RELATED),
        None,
    ]


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 0.9), st.floats(0.01, 1))
def test_the_order_is_kept(one: float, other: float, unrelated: float, width: float) -> None:
    """No scale puts a lower cosine above a higher one, or outside -1 to 1."""
    scale = Scale(unrelated, unrelated + width)
    assert -1 <= scale.cosine(one) <= 1
    assert (scale.cosine(one) <= scale.cosine(other)) or one > other


def test_a_model_that_distinguishes_nothing_has_no_scale() -> None:
    """Vectors that are all the same are compared as they are."""
    same = [[1.0, 0.0]] * len(PAIRS)
    assert Scale.of(same, same) is None


def test_places_count_where_words_are_understood() -> None:
    """A test is lowered for a question whose words the code has, and not for one in another language."""
    test, code = a_chunk("tests/test_orders.py", 1, "test"), a_chunk("orders.py", 1, "code")
    for bm25, first in ((1.0, code), (0.0, test)):
        found = Candidates((a_candidate(test, bm25, 0.5), a_candidate(code, bm25, 0.4)))
        assert rank("환불은 누가 승인하나요?", found)[0].chunk == first
