"""Lexical search: identifiers as terms, BM25 as sparse vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.identifiers import split_identifier
from code_rag.rag_server.lexical import K1, encode_document, encode_query, tokenize
from code_rag.rag_server.model import Chunk, SparseVector


def a_chunk(text: str, path: str = "x.py", symbols: tuple[str, ...] = (), symbol: str = "") -> Chunk:
    """A chunk of that text."""
    return Chunk("id", path, "python", 1, 1, symbol, "module", text, "digest", 1, symbols)


def score(query: str, chunk: Chunk) -> float:
    """The dot product of query and document."""
    document = encode_document(chunk)
    weights = dict(zip(document.indices, document.values, strict=True))
    return sum(weights.get(index, 0.0) for index in encode_query(query).indices)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parseHTTPRequest_v2", ["parse", "http", "request", "v", "2"]),
        ("__init__", ["init"]),
        ("MAX_RETRIES", ["max", "retries"]),
        ("order-service", ["order", "service"]),
        ("größeÄndern_neu", ["größeändern", "neu"]),
        ("заказ", ["заказ"]),
        ("___", []),
        ("", []),
    ],
)
def test_an_identifier_is_split_into_its_words(name: str, words: list[str]) -> None:
    """Case, digits and underscores part the words of an identifier."""
    assert split_identifier(name) == words


def test_an_identifier_counts_whole_and_in_parts() -> None:
    """A compound name is found by itself, in any spelling, and by each of its words."""
    terms = tokenize("OrderService")
    assert len(terms) == 3
    assert terms[0] == tokenize("orderservice")[0] == tokenize("order_service")[0]
    assert set(tokenize("order service")) <= set(terms)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "runs", "running"),
        ("cache", "caches", "caching", "cached"),
        ("query", "queries"),
        ("address", "addresses"),
    ],
)
def test_inflected_words_are_one_term(words: tuple[str, ...]) -> None:
    """Endings of English words do not keep a query from its answer."""
    assert len({tuple(tokenize(word)) for word in words}) == 1


def test_numbers_are_left_alone() -> None:
    """Numbers are terms of their own, never stemmed."""
    assert tokenize("404 500 2000") == ["404", "500", "2000"]


def test_a_query_without_content_is_empty() -> None:
    """Stop words and punctuation give an empty vector."""
    assert encode_query("How does it?") == SparseVector((), ())


def test_query_terms_weigh_the_same() -> None:
    """Each distinct term of a query weighs 1."""
    assert encode_query("refund order refund").values == (1.0, 1.0)


def test_the_chunk_about_the_query_scores_best() -> None:
    """More of the query's terms, and a shorter text around them, mean a higher score."""
    query = "cancel order"
    both = a_chunk("def cancel_order(): pass")
    one = a_chunk("def cancel_invoice(): pass")
    buried = a_chunk("def cancel_order(): pass" + " unrelated = words()" * 40)
    assert score(query, both) > score(query, buried) > score(query, one) > 0


def test_repetition_saturates() -> None:
    """A term's weight grows with each occurrence by less, and stays below k1 + 1."""
    texts = ["order " * count + "filler " * (50 - count) for count in (0, 1, 2, 10, 50)]
    weights = [score("order", a_chunk(text)) for text in texts]
    assert weights == sorted(set(weights))
    assert weights[2] < 2 * weights[1]
    assert weights[-1] < K1 + 1


@pytest.mark.parametrize(
    "chunk",
    [
        a_chunk("pass", path="refund.py"),
        a_chunk("pass", path="refund/api/v1/x.py"),
        a_chunk("pass", symbols=("Refund.apply",)),
        a_chunk("pass", symbol="Refund.apply"),
    ],
)
def test_file_folders_and_symbols_are_searched_too(chunk: Chunk) -> None:
    """A word of the file's name, of its last folders or of the symbol finds a chunk that lacks it."""
    assert score("refund", chunk) > 0


def test_folders_further_up_do_not_count() -> None:
    """Only the last three folders describe a file."""
    assert score("refund", a_chunk("pass", path="refund/a/b/c/x.py")) == 0


def test_term_ids_never_change() -> None:
    """Stored vectors stay valid: the id of a term is the same in every process and version."""
    assert encode_query("refund").indices == (1529615448,)


@given(st.text(max_size=200))
def test_every_vector_is_well_formed(text: str) -> None:
    """Indices are distinct, ascending and fit 32 bits; values are positive and finite."""
    for vector in (encode_query(text), encode_document(a_chunk(text))):
        assert list(vector.indices) == sorted(set(vector.indices))
        assert all(0 <= index < 2**32 for index in vector.indices)
        assert all(0 < value < float("inf") for value in vector.values)
        assert len(vector.indices) == len(vector.values)
