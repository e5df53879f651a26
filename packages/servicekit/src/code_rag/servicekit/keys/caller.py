"""Who sent a request, and how much of its limits is left."""

from dataclasses import dataclass

from code_rag.servicekit.errors import Overloaded
from code_rag.servicekit.keys.rate_limit import RateLimit

HEADERS = "x-ratelimit-"
"""What the names of OpenAI's headers about limits start with."""
OWN_LIMIT = {"x-llm-error-source": "gateway"}
"""Says that a limit is this service's; a model server's own 429 comes without it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a key; None: without that limit."""

    name: str
    requests: RateLimit | None = None
    tokens: RateLimit | None = None

    def take_request(self) -> None:
        """Count one request; raises Overloaded if that is one too many."""
        if self.requests is None:
            return
        if wait := self.requests.wait_for(1):
            allowed = f"{self.requests.per_minute:,} requests a minute"
            raise self._limited(f"The key {self.name!r} is limited to {allowed}.", wait)
        self.requests.take(1)

    def reserve_tokens(self, amount: int) -> int:
        """Take what a request may need, and return how much that is; raises Overloaded if it has to wait.

        A request that has to wait is not counted, so that it is let in after the wait that it is given.
        """
        if self.tokens is None:
            return 0
        if wait := self.tokens.wait_for(amount):
            if self.requests is not None:
                self.requests.settle(1, 0)
            need = f"this request needs about {amount:,}, and {self.tokens.remaining:,} are left"
            allowed = f"{self.tokens.per_minute:,} tokens a minute"
            raise self._limited(f"The key {self.name!r} is limited to {allowed}: {need}.", wait)
        return self.tokens.take(amount)

    def settle_tokens(self, reserved: int, used: int) -> None:
        """Correct a reservation to what was used."""
        if self.tokens is not None:
            self.tokens.settle(reserved, used)

    def headers(self) -> dict[str, str]:
        """OpenAI's headers about the limits that there are."""
        limits = {"requests": self.requests, "tokens": self.tokens}
        return {
            f"{HEADERS}{what}-{unit}": value
            for unit, limit in limits.items()
            if limit is not None
            for what, value in (
                ("limit", str(limit.per_minute)),
                ("remaining", str(limit.remaining)),
                ("reset", duration(limit.resets_in)),
            )
        }

    def _limited(self, why: str, wait: int) -> Overloaded:
        message = f"{why} Try again in {duration(wait)}."
        return Overloaded(message, code="rate_limit_exceeded", retry_after=wait / 10**9, headers=OWN_LIMIT)


def duration(nanoseconds: int) -> str:
    """A duration as OpenAI writes it, such as `6m0s`, `1.5s` or `120ms`, rounded up to milliseconds."""
    milliseconds = -(-nanoseconds // 10**6)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    before = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "")
    return f"{before}{rest / 1000:g}s"
