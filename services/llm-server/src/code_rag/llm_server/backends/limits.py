"""How long the model server may take, and the sentence for each limit that it exceeds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from code_rag.servicekit.errors import UpstreamTimeout

GRACE_SECONDS = 2.0
"""How long a finished answer may be silent before it is ended: usage may follow the finish reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to the first token, between two chunks, and for the whole answer."""

    first_token: float
    pause: float
    whole: float

    def of(self, within: float | None, share: float | None = None) -> "Limits":
        """The limits for a caller that waits `within` seconds for the answer to start, or to continue.

        A server that gets a `share` of them to start has no longer than any other.
        """
        limits = self
        if within is not None:
            limits = replace(self, first_token=within, pause=within, whole=max(self.whole, within))
        return limits if share is None else replace(limits, first_token=min(self.first_token, share))

    def of_whole(self, within: float | None, share: float | None = None) -> float:
        """Seconds for an answer that is not streamed."""
        return (within or self.whole) if share is None else min(self.whole, share)


class Deadlines:
    """The moments until which one streamed answer is waited for; they start when this is made."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = self._now() + limits.whole
        self._until = self._now() + limits.first_token
        self._late = f"The model server did not begin to answer within {limits.first_token:g} s."

    def progressed(self) -> None:
        """A part of the answer came."""
        self._until = self._now() + self._limits.pause
        self._late = f"The model server paused for more than {self._limits.pause:g} s during the answer."

    def finished(self) -> None:
        """The last part of the answer came; the connection is still open."""
        self._until = self._now() + GRACE_SECONDS

    @asynccontextmanager
    async def waiting(self) -> AsyncGenerator[None]:
        """Raise UpstreamTimeout if what is awaited inside takes too long."""
        try:
            async with asyncio.timeout_at(min(self._until, self._end)):
                yield
        except TimeoutError as error:
            late = self._late if self._until <= self._end else unfinished(self._limits.whole)
            raise UpstreamTimeout(late) from error

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def unfinished(seconds: float) -> str:
    """The sentence for an answer that took too long as a whole."""
    return f"The model server did not finish its answer within {seconds:g} s."
