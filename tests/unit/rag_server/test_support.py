"""Whether lines say what is claimed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.citing.claims import Claim
from code_rag.rag_server.citing.support import doubt, invented
from code_rag.servicekit.wire.evidence import Block

LIMITS = Block(
    1, "shop/limits.py", 40, ("MAX_ORDERS = 1_000", "TIMEOUT = 1.50", "def timeoutFor(order):"), "Limits"
)
MARKERS = frozenset(["[1]"])


def said(text: str, *quote: str) -> str:
    """What speaks against the claim."""
    return doubt(Claim(text, MARKERS, quote), LIMITS, [LIMITS])


@pytest.mark.parametrize(
    "claim",
    [
        "At most 1,000 orders",
        "The timeout is 1.5",
        "`Limits` in `shop/limits.py`, lines 40 to 42",
        "`timeoutFor(order)` limits the timeout",
        "The maximum number of orders is limited",
    ],
)
def test_names_numbers_and_words_are_found_in_any_form(claim: str) -> None:
    """Digits are grouped, words end and names are written differently in prose and in code."""
    assert said(claim) == ""


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("At most 100 orders", "it does not mention 100"),
        ("The timeout is 15", "it does not mention 15"),
        ("`Limits.MAX_ITEMS` limits orders to 7", "it does not mention MAX_ITEMS, 7"),
    ],
)
def test_one_wrong_name_or_number_is_enough(claim: str, reason: str) -> None:
    """However many other words are right."""
    assert said(claim) == reason


def test_lines_quoted_below_need_fewer_words() -> None:
    """A reader sees them; code that is not the file's own is no quote."""
    claim = "This caps the orders somebody places"

    assert said(claim) != ""
    assert said(claim, "MAX_ORDERS = 1_000") == ""
    assert said(claim, "MAX_ORDERS = 2_000") != ""


@given(st.text())
def test_any_claim_is_measured(text: str) -> None:
    """Nothing that a model writes makes the measure raise, and no words are never support."""
    reason = said(text)

    assert reason or any(character.isalnum() for character in text)


@pytest.mark.parametrize(
    ("sentence", "absent"),
    [
        ("`Limits` has MAX_ORDERS, which is 1000, and timeoutFor() says 1.5", []),
        ("max_items and maxItems and items() and `Items`", ["Items", "max_items", "maxItems", "items"]),
        ("It takes 41 orders of Max and HTTP", ["41"]),
    ],
)
def test_what_looks_like_code_is_looked_for(sentence: str, absent: list[str]) -> None:
    """Marked or not; lines have their number in no text, and words of prose are no names."""
    assert invented(sentence, [LIMITS]) == absent
