"""How long an upstream asks to wait, and how long it is waited."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.servicekit.outside.retrying import LONGEST_WAIT_SECONDS, pause_before, retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:00 GMT"}, 0),
        ({"retry-after": "Mon, 01 Jan 2024 00:00:00 -0000"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_the_forms_of_the_header(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds go before seconds, a date that is past is no wait, and nonsense is no answer."""
    assert retry_after(headers) == seconds


def test_a_date_is_counted_from_now() -> None:
    """A date in a minute is a wait of up to a minute."""
    seconds = retry_after(
        {"retry-after": format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True)}
    )
    assert seconds is not None
    assert 0 < seconds <= 60


@pytest.mark.parametrize("hours", [-48, -1, 1, 48])
def test_a_date_counts_by_the_clock_of_who_wrote_it(hours: int) -> None:
    """Where the model server's clock, or this machine's, is hours off, the wait is what was meant."""
    theirs = datetime.now(UTC) + timedelta(hours=hours)
    headers = {
        "date": format_datetime(theirs, usegmt=True),
        "retry-after": format_datetime(theirs + timedelta(seconds=3), usegmt=True),
    }
    assert retry_after(headers) == 3


@given(st.text(st.characters(codec="latin-1")))
def test_no_header_breaks_it(text: str) -> None:
    """Whatever the header holds, the wait is unknown or not negative."""
    seconds = retry_after({"retry-after": text})
    assert seconds is None or seconds >= 0


@given(st.integers(0, 5), st.none() | st.floats(0, 100))
def test_a_pause_is_short_or_the_callers(retry: int, asked: float | None) -> None:
    """What the upstream asks for is kept up to five seconds; without its word it is at most doubled."""
    pause = pause_before(retry, asked)
    if asked is None:
        assert pause is not None
        assert 0 <= pause <= 0.5 * 2**retry
    else:
        assert pause == (asked if asked <= LONGEST_WAIT_SECONDS else None)
