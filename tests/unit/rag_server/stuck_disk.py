"""A disk of which a part does not answer, as a mount whose server is gone."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from code_rag.rag_server.codebase.disk import Disk

T = TypeVar("T")


def everything(work: Callable[[], object]) -> bool:
    """All looks."""
    return True


class StuckDisk(Disk):
    """Looks that are `stuck` take until `go_on` is set; nobody waits long for them."""

    answer_seconds = 0.2
    step_seconds = 0.2

    def __init__(self, stuck: Callable[[Any], bool] = everything) -> None:
        super().__init__()
        self.stuck = stuck
        self.go_on = threading.Event()
        self.go_on.set()

    def call(self, work: Callable[[], T], seconds: float) -> T:
        """As ever; what is stuck waits first."""
        return super().call(self._waiting(work) if self.stuck(work) else work, seconds)

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """The same."""
        return await super().run(self._waiting(work) if self.stuck(work) else work, seconds)

    def _waiting(self, work: Callable[[], T]) -> Callable[[], T]:
        def wait() -> T:
            self.go_on.wait(60)
            return work()

        return wait
