"""Decides whether a request may wait for the engine."""

from code_rag.embedding_server.pace import Pace
from code_rag.servicekit.errors import Overloaded

SHARE_OF_LARGE = 0.9
"""Share of the queue that requests of several batches may fill; the rest is for searches during indexing."""


class Admission:
    """A bound in seconds, by prediction, on what waits; a request of up to `batch_tokens` has all of it."""

    def __init__(self, pace: Pace, max_seconds: float, batch_tokens: int) -> None:
        self._pace = pace
        self._max_seconds = max_seconds
        self._batch_tokens = batch_tokens

    def require_room(self, queued: int, added: int) -> None:
        """Refuse `added` tokens beside `queued` ones where these would make others wait too long.

        Raises Overloaded with the seconds after which they have room, if nothing else comes.
        """
        limit = self._max_seconds * (1 if added <= self._batch_tokens else SHARE_OF_LARGE)
        wait, work = self._pace.queue_seconds(queued), self._pace.queue_seconds(added)
        # An idle engine accepts any size: a request refused then would be refused every time.
        if queued and wait + work > limit:
            raise Overloaded(
                f"What waits to be embedded takes about {wait:.0f} s, and this {work:.0f} s: try later.",
                retry_after=min(wait, wait + work - limit),
            )
