"""Which codebases' folders cannot be read at the moment."""

import asyncio
from collections.abc import Iterable, Mapping

from code_rag.rag_server.codebase.disk import DiskStalled
from code_rag.rag_server.codebase.member import Member

ANSWER_SECONDS = 0.25


class Presence:
    """Looks at each folder in a thread of its own: one that hangs holds that thread and no request."""

    def __init__(self) -> None:
        self._looks: dict[Member, asyncio.Task[str]] = {}
        self.absent: Mapping[Member, str] = {}
        """Why each missing codebase cannot be read, as last seen."""

    async def look(self, members: Iterable[Member]) -> None:
        """Look at the folders; one that gives no answer within a moment counts as missing until it does."""
        for member in members:
            if member not in self._looks:
                self._looks[member] = asyncio.create_task(_absence(member))
        if self._looks:
            await asyncio.wait(self._looks.values(), timeout=ANSWER_SECONDS)
        self.absent = {
            member: reason for member, look in self._looks.items() if (reason := _result(look, member))
        }
        self._looks = {member: look for member, look in self._looks.items() if not look.done()}


async def _absence(member: Member) -> str:
    try:
        return await member.disk.run(member.absence, member.disk.answer_seconds)
    except DiskStalled as error:
        return f"{member.root}: {error.strerror}"


def _result(look: asyncio.Task[str], member: Member) -> str:
    return look.result() if look.done() else f"{member.root} does not answer."
