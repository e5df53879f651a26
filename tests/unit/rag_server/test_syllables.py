"""Search terms of Korean, Japanese and Chinese."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.identifiers import split_identifier
from code_rag.rag_server.lexical import encode_query, tokenize


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("환불", ["환불"]),
        ("환불은", ["환불", "불은"]),
        ("주", ["주"]),
        ("API를", ["api", "를"]),
        ("CountBook의", ["countbook", "count", "book", "의"]),
        ("注文の取り消し", ["注文", "文の", "の取", "取り", "り消", "消し"]),
        ("キャンセル", ["キャ", "ャン", "ンセ", "セル"]),
        ("取消订单2次", ["取消", "消订", "订单", "2", "次"]),
        ("ｷｬﾝｾﾙ", ["キャ", "ャン", "ンセ", "セル"]),
    ],
)
def test_a_run_of_syllables_becomes_its_pairs(text: str, terms: list[str]) -> None:
    """Each pair of neighbours is a term; other scripts in the same word are words of their own."""
    assert tokenize(text) == terms


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("환불은", "환불을"),
        ("주문이", "주문의"),
        ("취소하면", "취소되었다"),
        ("재고가 부족하면", "재고를"),
        ("API는", "API를"),
        ("キャンセルは", "キャンセルを"),
        ("取消订单", "订单取消"),
    ],
)
def test_particles_and_endings_do_not_keep_words_apart(asked: str, written: str) -> None:
    """A question in one form of a word shares a term with a comment in another."""
    assert set(encode_query(asked).indices) & set(encode_query(written).indices)


def test_decomposed_letters_are_the_same_words() -> None:
    """What macOS writes into file names, decomposed, is found by what a keyboard types."""
    assert tokenize(normalize("NFD", "환불은 größe")) == tokenize("환불은 größe")


def test_a_name_is_split_where_the_script_changes() -> None:
    """Latin, Hangul and digits of a name are words; other letters stay as they are."""
    assert split_identifier("parseHTTP주문_v2größeNeu") == ["parse", "http", "주문", "v", "2", "größeneu"]


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=30))
def test_every_syllable_is_in_some_term(word: str) -> None:
    """Nothing of a word is lost, and it has no more terms than syllables."""
    terms = tokenize(word)
    assert set("".join(terms)) == set(word)
    assert len(terms) <= len(word)
