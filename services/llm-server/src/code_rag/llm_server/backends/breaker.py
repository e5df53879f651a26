"""Has a model server that keeps failing rest, so that callers need not wait for another failure."""

from collections.abc import Callable

import structlog

from code_rag.servicekit.errors import ServiceError, Unavailable

log = structlog.get_logger(__name__)

FAILURES = 5
"""In a row, retries included, after which a server rests."""
REST_SECONDS = 10.0


class Resting(Unavailable):
    """A server rests: it was not asked."""

    default_code = "upstream_resting"


class Breaker:
    """Counts the failures of one server in a row, of which it keeps the last reason.

    Every REST_SECONDS one call is let through to look. An answer ends the rest, also one to an earlier call.
    """

    def __init__(self, server: str, clock: Callable[[], float]) -> None:
        self._server = server
        self._clock = clock
        self._failures = 0
        self._until: float | None = None
        self._reason = ""

    @property
    def is_resting(self) -> bool:
        """Whether the server has not answered since its last failures."""
        return self._until is not None

    def resting(self) -> Resting | None:
        """The error for a call that comes now; None if it would be let through."""
        left = 0.0 if self._until is None else self._until - self._clock()
        if left <= 0:
            return None
        return Resting(
            f"The model server {self._server} failed {FAILURES} times in a row and rests for another "
            f"{left:.0f} s. Its last failure: {self._reason}",
            retry_after=left,
        )

    def admit(self) -> None:
        """Let a call through; raises Resting."""
        if error := self.resting():
            raise error
        if self._until is not None:  # this call looks, the others wait for what it finds
            self._until = self._clock() + REST_SECONDS

    def failed(self, error: ServiceError) -> None:
        """An attempt has failed."""
        self._failures += 1
        self._reason = error.message
        if self._failures < FAILURES:
            return
        if not self.is_resting:
            log.warning("model server rests", server=self._server, seconds=REST_SECONDS, reason=error.message)
        self._until = self._clock() + REST_SECONDS

    def answers(self) -> None:
        """An answer has started; should it break off, the server rests again at once."""
        if self.is_resting:
            log.info("model server answers again", server=self._server)
        self._until = None

    def answered(self) -> None:
        """An answer is complete, or the server was seen to work."""
        self.answers()
        self._failures = 0
