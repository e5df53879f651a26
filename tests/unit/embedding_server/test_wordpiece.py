"""Reading texts slice by slice gives the tokens of reading them whole."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from code_rag.embedding_server.engines.wordpiece import SLICE_CHARACTERS, WordPiece

LIMIT = 256
FILLERS = [
    "",
    " " * SLICE_CHARACTERS,
    "ab, " * (SLICE_CHARACTERS // 4),
    "語" * SLICE_CHARACTERS,
    "x" * SLICE_CHARACTERS,
]


@pytest.fixture(scope="module")
def whole(model_folder: Path) -> Tokenizer:
    """The published tokenizer without its baked limit of 128 and padding."""
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@pytest.fixture(scope="module")
def wordpiece(model_folder: Path) -> WordPiece:
    return WordPiece(model_folder / "tokenizer.json", LIMIT)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    filler=st.sampled_from(FILLERS),
    text=st.text(st.sampled_from(" \n\tab1_.(é\u0301ß語。、가🚀\x00\u200d\u202e"), max_size=80),
    tail=st.text(max_size=40),
)
def test_slices_change_no_token(
    whole: Tokenizer, wordpiece: WordPiece, filler: str, text: str, tail: str
) -> None:
    """Around the end of a slice, whatever the characters, ids and count are those of the whole text."""
    expected = whole.encode(filler + text + tail).ids
    tokens = wordpiece.tokenize(filler + text + tail)
    assert wordpiece.count(filler + text + tail) == len(expected)
    assert tokens.truncated == (len(expected) > LIMIT)
    cut = [*expected[: LIMIT - 1], expected[-1]] if tokens.truncated else expected
    assert list(tokens.ids) == cut


@pytest.mark.parametrize(
    ("words", "tokens", "truncated"), [(253, 255, False), (254, 256, False), (255, 256, True)]
)
def test_the_limit_counts_start_and_end(
    wordpiece: WordPiece, words: int, tokens: int, truncated: bool
) -> None:
    """254 one-token words fit beside start and end; one more is cut and marked."""
    read = wordpiece.tokenize("word " * words)
    assert (len(read.ids), read.truncated) == (tokens, truncated)


def test_baked_limits_of_the_file_are_off(wordpiece: WordPiece) -> None:
    """The file's own limit of 128 tokens and its padding to 128 do not apply."""
    assert len(wordpiece.tokenize("word " * 200).ids) == 202
    assert len(wordpiece.tokenize("word").ids) == 3


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(
        st.sampled_from(" \n\tab1_.'[]#(é\u0301ß語。、가🚀\x00\u200d") | st.characters(codec="utf-8"),
        max_size=80,
    )
)
def test_ids_are_the_text_that_has_them(wordpiece: WordPiece, text: str) -> None:
    """Any text's ids decode to a text that has the same ids, with and without start and end."""
    ids = list(wordpiece.tokenize(text).ids)
    assert wordpiece.tokenize(wordpiece.decode(ids)).ids == ids
    if len(ids) > 2:
        assert wordpiece.tokenize(wordpiece.decode(ids[1:-1])).ids == ids


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ([101, 2_000_000_000, 102], "2000000000 is no token id of this model"),
        ([30522], "30522 is no token id of this model"),
        # "def add(a, b): return a + b" as text-embedding-3-small's tokenizer (cl100k_base) has it
        ([755, 923, 2948, 11, 293, 1680, 471, 264, 489, 293], "splits no text into these token ids"),
    ],
)
def test_ids_of_another_model_are_refused(wordpiece: WordPiece, ids: list[int], says: str) -> None:
    """Ids that this tokenizer gives no text are refused, though most of them are words here too."""
    with pytest.raises(ValueError, match=says):
        wordpiece.decode(ids)
