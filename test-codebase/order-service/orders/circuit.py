"""A circuit breaker: stop calling a service that is down, and find out when it is back."""

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30.0

T = TypeVar("T")


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpen(Exception):
    """The call was not made, because the service behind the breaker is taken to be down."""


class CircuitBreaker:
    """Counts failures in a row; any success starts the count again.

    Closed: calls pass. Open: calls fail at once. After `OPEN_SECONDS` one caller is let through
    (half open) while the others still fail; its outcome closes or re-opens the circuit.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._opened_at = 0.0

    @property
    def state(self) -> State:
        return self._state

    def call(self, operation: Callable[[], T]) -> T:
        """Run `operation` if the circuit lets it, and learn from how it ends."""
        self._admit()
        try:
            result = operation()
        except Exception:
            self._failed()
            raise
        self._succeeded()
        return result

    def _admit(self) -> None:
        with self._lock:
            if self._state is State.CLOSED:
                return
            rested = self._clock() - self._opened_at >= OPEN_SECONDS
            if self._state is State.OPEN and rested:
                self._state = State.HALF_OPEN
                return
            raise CircuitOpen(f"{self.name} is not being called: it failed {self._failures} times in a row")

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._state is State.HALF_OPEN or self._failures >= FAILURES_TO_OPEN:
                self._state = State.OPEN
                self._opened_at = self._clock()

    def _succeeded(self) -> None:
        with self._lock:
            self._state = State.CLOSED
            self._failures = 0
