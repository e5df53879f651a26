"""Faults of the model server that a person provokes: which may be, and which wait for the next calls."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from code_rag.servicekit.errors import InvalidInput
from code_rag.servicekit.health import CheckResult

Kind = Literal["429", "500", "slow", "truncated", "garbled"]
MOST_PENDING = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What a model server does wrong in one call."""

    kind: Kind
    seconds: float
    """How long a slow one is silent before its answer, and again within it."""


class Faults:
    """One fault for each of the next calls, in the order in which they were asked for."""

    def __init__(self, allowed: Sequence[Kind]) -> None:
        self._allowed = allowed
        self._pending: deque[Fault] = deque()

    @property
    def pending(self) -> list[Fault]:
        """The faults to come, the next first."""
        return list(self._pending)

    def provoke(self, fault: Fault, times: int) -> None:
        """Have the next `times` calls fail so; raises InvalidInput if that is not allowed, or is too much."""
        if fault.kind not in self._allowed:
            allowed = ", ".join(self._allowed)
            raise InvalidInput(f"LLM_FAULTS allows {allowed}, not {fault.kind}.", param="fault")
        if len(self._pending) + times > MOST_PENDING:
            raise InvalidInput(f"No more than {MOST_PENDING:,} faults can wait.", param="times")
        self._pending.extend([fault] * times)

    def take(self) -> Fault | None:
        """The fault of the call that starts now."""
        return self._pending.popleft() if self._pending else None

    def end(self) -> None:
        """Forget the faults to come."""
        self._pending.clear()

    async def check(self) -> CheckResult:
        """What waits for the next calls, or that nothing does."""
        if self._pending:
            coming = ", ".join(fault.kind for fault in self.pending[:10])
            more = " …" if len(self._pending) > 10 else ""
            return CheckResult(
                "degraded", f"the next calls fail on purpose: {coming}{more}; DELETE /faults ends it"
            )
        return CheckResult("ok", f"LLM_FAULTS is on: POST /faults provokes {', '.join(self._allowed)}")
