"""How many retries a model server gets: a share of its requests, so that an outage does not multiply them."""

MOST_SAVED = 10
REQUESTS_PER_RETRY = 5


class RetryBudget:
    """Starts full; each request adds a fifth of a retry."""

    def __init__(self) -> None:
        self._saved = MOST_SAVED * REQUESTS_PER_RETRY

    def requested(self) -> None:
        """A request came."""
        self._saved = min(MOST_SAVED * REQUESTS_PER_RETRY, self._saved + 1)

    def take(self) -> bool:
        """Whether a retry is left; it is used up by that."""
        if self._saved < REQUESTS_PER_RETRY:
            return False
        self._saved -= REQUESTS_PER_RETRY
        return True
