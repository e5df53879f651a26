"""Questions that the embedding model cannot read."""

import pytest

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.composition.use_cases import searches
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Candidate, EmbeddingModel, Scope
from code_rag.rag_server.question_language import UNREAD, half_read, unread
from code_rag.rag_server.understanding import Outcome, Understander
from code_rag.rag_server.writing import Writer
from tests.unit.rag_server.answer_fakes import FakeChat, FakeStore, a_chunk
from tests.unit.rag_server.fakes import FakeEmbedder
from tests.unit.rag_server.test_searching import a_searcher

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
KOREAN = "환불은 누가 승인하나요?"


@pytest.mark.parametrize(
    "question",
    [
        KOREAN,
        "返金は誰が承認しますか",
        "谁批准退款?",
        "Кто одобряет возврат?",
        "ποιος εγκρίνει;",
        "من يوافق؟",
    ],
)
def test_a_question_in_another_script_is_not_read_by_an_english_model(question: str) -> None:
    """The sentence names the model and says what to do."""
    assert unread(question, MINILM).startswith(f"{UNREAD} ({MINILM})")


@pytest.mark.parametrize(
    "question",
    ["who approves refunds?", "OrderService는 어디에?", "wer genehmigt größere Beträge?", "404", "", "!?"],
)
def test_latin_letters_are_read(question: str) -> None:
    """A question mostly in Latin letters may be English, or name what the code names."""
    assert unread(question, MINILM) == ""


@pytest.mark.parametrize(
    "model",
    [
        "intfloat/multilingual-e5-small",
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        "BAAI/bge-m3",
        "text-embedding-3-small",
        "a-model-nobody-knows",
    ],
)
def test_nothing_is_claimed_of_a_model_that_may_read_the_question(model: str) -> None:
    """Multilingual and unknown models are left to answer."""
    assert unread(KOREAN, model) == ""


@pytest.mark.parametrize(
    "model", [MINILM, "BAAI/bge-small-en-v1.5", "intfloat/e5-base-v2", "thenlper/gte-small"]
)
def test_english_models_are_known_by_name(model: str) -> None:
    """The names of widely used models say which language they read."""
    assert unread(KOREAN, model)


async def test_a_question_that_the_model_cannot_read_is_searched_by_words() -> None:
    """No vector is asked for, since what it is near to is chance; the result says so, and it is counted."""
    chunk, counted = a_chunk(path="a.py"), list[str]()
    store = FakeStore([Candidate(chunk, 3.0, None)])
    embedder = FakeEmbedder(model=EmbeddingModel(MINILM, 8))

    found = await a_searcher(store, embedder, counted=counted).search(KOREAN, Scope(), 5)

    assert ([hit.chunk for hit in found.hits], counted) == ([chunk], ["question not read"])
    assert [reason.startswith(UNREAD) for reason in found.degraded] == [True]
    assert ([query.dense for query, _ in store.asked], embedder.embedded) == ([None], [])


async def test_the_answer_is_that_the_model_does_not_read_the_question() -> None:
    """Not "not found", which would be a claim about the code."""
    searcher = a_searcher(FakeStore(), FakeEmbedder(model=EmbeddingModel(MINILM, 8)))
    model = FakeChat()
    unhelped = Understander(model, lambda: MINILM, list[Outcome]().append, 0)

    answer = await Answerer(
        unhelped,
        Gatherer(searcher),
        Writer(model, Mapper(searcher)),
        lambda _: None,
        list[str]().append,
        searches(),
    ).answer(Asked(KOREAN), Scope(), 8)

    assert answer.text.startswith(f"No word of the question is in the indexed code. ({UNREAD} ({MINILM})")
    assert model.asked == []


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wo wird der Preis einer Bestellung berechnet?", "German"),
        ("où est calculé le prix de la commande", "French"),
    ],
)
async def test_a_language_that_is_half_read_is_named_and_nothing_said_not_to_be_there(
    question: str, language: str
) -> None:
    """In Latin letters an English model is still asked; the answer says what it is worth."""
    chunk = a_chunk(text="def price(order):\n    return order.total", symbol="price")
    searcher = a_searcher(
        FakeStore([Candidate(chunk, 1.0, 0.1)]), FakeEmbedder(model=EmbeddingModel(MINILM, 8))
    )

    gathered = await Gatherer(searcher).gather(Asked(question), Scope(), 8)

    assert f"the question seems to be in {language}" in gathered.found.degraded[0]
    assert gathered.quotes.state == "unsure"
    assert half_read(question, "intfloat/multilingual-e5-small") == ""
    assert half_read("where is the price of an order computed", MINILM) == ""
