"""What index runs are asked for, until it can be found by its words."""

import asyncio
from collections.abc import Coroutine, Iterable

from code_rag.rag_server.codebase.paths import cover


class Requests:
    """The paths that wait for the next run; true while there are any."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self.made = asyncio.Event()
        """Set while paths wait."""
        self.met = asyncio.Event()
        """Set while all that was requested is stored, or its run has failed; not before the first request."""

    def __bool__(self) -> bool:
        return bool(self._paths)

    def add(self, paths: Iterable[str]) -> None:
        """Have the next run visit these paths, too."""
        self._paths.update(paths)
        self.made.set()
        self.met.clear()

    def take(self) -> tuple[str, ...]:
        """The paths for a run that starts now, none of them inside another."""
        paths, self._paths = cover(self._paths), set()
        self.made.clear()
        return paths

    def settle(self) -> None:
        """Note that a run has stored what it took."""
        if not self._paths:
            self.met.set()

    def drop(self) -> None:
        """Forget what waits."""
        self._paths.clear()
        self.made.clear()

    async def interrupt(self, work: Coroutine[None, None, None]) -> None:
        """Do `work`, and give it up as soon as a run is requested: saved files do not wait for vectors."""
        working = asyncio.create_task(work)
        made = asyncio.create_task(self.made.wait())
        try:
            await asyncio.wait({working, made}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            made.cancel()
            if not working.done():
                working.cancel()
            await asyncio.wait({working})
        if not working.cancelled():
            working.result()
