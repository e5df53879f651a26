"""What is done to a service, and how it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Injector(Protocol):
    """How a place where the services run can be disturbed; each disturbance has its end."""

    def kill(self, service: str) -> None:
        """End a service without notice; what watches over it there starts it again."""

    def stop(self, service: str) -> None:
        """Ask a service to leave, and keep it from coming back."""

    def start(self, service: str) -> None:
        """Have a stopped service come back."""

    def pause(self, service: str) -> None:
        """Have a service stand still."""

    def resume(self, service: str) -> None:
        """Have a paused service go on."""

    def fill(self, service: str) -> None:
        """Leave no space on the disks that a service writes to."""

    def empty(self, service: str) -> None:
        """Give the space back."""

    def set_weather(self, service: str, how: str) -> None:
        """Have the network to a service be `slow`, `disconnected` or, if empty, well."""


@contextmanager
def injected(place: Injector, fault: str, service: str) -> Iterator[None]:
    """A fault of `plan.FAULTS` from entering to leaving; it ends however the block does."""
    begin, end = _both_ends(place)[fault]
    try:
        begin(service)
        yield
    finally:
        end(service)


def _both_ends(place: Injector) -> dict[str, tuple[Callable[[str], None], Callable[[str], None]]]:
    return {
        "kill": (place.kill, lambda service: None),
        "stop": (place.stop, place.start),
        "pause": (place.pause, place.resume),
        "fill": (place.fill, place.empty),
        "slow": (
            lambda service: place.set_weather(service, "slow"),
            lambda service: place.set_weather(service, ""),
        ),
        "disconnect": (
            lambda service: place.set_weather(service, "disconnected"),
            lambda service: place.set_weather(service, ""),
        ),
    }
