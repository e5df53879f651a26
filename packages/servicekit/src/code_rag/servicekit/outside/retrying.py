"""Which failures of the model server are worth another attempt, and when."""

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_SECONDS = 5.0
"""A longer wait is the caller's to decide about."""
_FIRST_SECONDS = 0.5
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504}


def is_passing(status: int, code: str, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed soon; the model server's own opinion counts most."""
    said = headers.get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return status in _PASSING and code != "insufficient_quota"


def pause_before(retry: int, asked: float | None) -> float | None:
    """Seconds before the retry of that number; None if the model server `asked` for too long a wait.

    Without its word, at random up to a time that doubles, so that callers who failed together do not return
    together.
    """
    if asked is None:
        return random.uniform(0, _FIRST_SECONDS * 2**retry)  # noqa: S311 – no secret
    return asked if asked <= LONGEST_WAIT_SECONDS else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or from `retry-after` as seconds or as an HTTP date.

    A date is compared with that of the answer, where it has one: the two clocks may be hours apart.
    """
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return float(text) / divisor
    moment = _moment(headers.get("retry-after", ""))
    if moment is None:
        return None
    return max(0.0, (moment - (_moment(headers.get("date", "")) or datetime.now(UTC))).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
