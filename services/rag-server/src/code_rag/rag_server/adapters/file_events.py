"""File events of the operating system, from watchfiles."""

import os
import sys
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from watchfiles import awatch

from code_rag.rag_server.ports import FileEventsUnavailable

QUIET_MILLISECONDS = 100
"""A burst is over when nothing has changed for this long."""
BURST_MILLISECONDS = 1000
"""The longest burst: a checkout of many files is reported in parts of this length."""
PAUSE_MILLISECONDS = 1000
"""An empty set is given after this time without a change."""


class SystemFileEvents:
    """Watches folders one by one on Linux: those left out of the index cost no watch and wake nothing.

    Elsewhere it watches their common folder with everything in it, for which those systems have one watch.
    """

    async def watch(self, folders: Collection[str]) -> AsyncGenerator[set[str], None]:
        """The paths with changes directly in these folders, each burst as one set; an empty set now and then.

        Raises FileEventsUnavailable if it cannot watch them.
        """
        each = sys.platform == "linux"
        wanted = folders if each else [os.path.commonpath(folders)]
        events = awatch(
            *wanted,
            watch_filter=None,
            step=QUIET_MILLISECONDS,
            debounce=BURST_MILLISECONDS,
            rust_timeout=PAUSE_MILLISECONDS,
            yield_on_timeout=True,
            recursive=not each,
            ignore_permission_denied=False,  # True hides that the limit of watches is reached
        )
        try:
            async with aclosing(events):
                async for batch in events:
                    yield {path for _, path in batch}
        except (OSError, RuntimeError) as error:  # the latter is watchfiles' own for what it does not expect
            raise FileEventsUnavailable(_reason(error)) from error


def _reason(error: Exception) -> str:
    if "limit reached" in str(error):
        return "the limit of watched folders is reached (sysctl fs.inotify.max_user_watches)"
    if "Too many open files" in str(error):
        return "the limit of watchers is reached (sysctl fs.inotify.max_user_instances)"
    return str(error) or type(error).__name__
