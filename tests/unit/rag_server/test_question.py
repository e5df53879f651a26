"""Reading what a query asks for."""

import pytest

from code_rag.rag_server.ranking.question import Question


@pytest.mark.parametrize(
    "query",
    [
        "cancel_order", "Order.cancel()", "billing::Invoice", "_private", "parseURL", "Invoice", "`MAX_ROWS`",
        "Order#cancel", "orders.py",
    ],
)  # fmt: skip
def test_one_identifier_is_a_symbol_query(query: str) -> None:
    """A query that is one identifier, bare, quoted or called, counts as a symbol."""
    assert Question.read(query).is_symbol


@pytest.mark.parametrize(
    "query", ["refund", "how are orders cancelled", "Order cancel", "", "()", "a-b", "?"]
)
def test_prose_is_not_a_symbol_query(query: str) -> None:
    """Plain words, several words and mere punctuation do not count as a symbol."""
    assert not Question.read(query).is_symbol


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("cancel_order", {"cancelorder"}),
        ("Order.cancel()", {"cancel"}),
        ("where", {"where"}),
        ("how does parseConfig read MAX_ROWS", {"parseconfig", "maxrows"}),
        ("what does `load` do", {"load"}),
        ("who calls load()", {"load"}),
        ("what is billing::Invoice", {"invoice"}),
        ("how are orders cancelled", set()),
    ],
)
def test_the_symbols_that_a_query_names(query: str, names: set[str]) -> None:
    """One word names itself; in a sentence only what looks like an identifier is a name."""
    assert Question.read(query).names == names


def test_the_words_of_a_query_are_stems_without_stop_words() -> None:
    """Identifiers are split, words stemmed, and each stem counts once."""
    assert Question.read("How are retriesOf requests retried?").words == ("retr", "request")
