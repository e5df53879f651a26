"""Looks at the folders of codebases."""

import os
import threading
from pathlib import Path

from code_rag.rag_server.codebase.member import Member
from code_rag.rag_server.presence import Presence


class HangingMember(Member):
    """A codebase on a file system that does not answer until `answer` is set."""

    answer: threading.Event

    def absence(self) -> str:
        """Nothing, once there is an answer."""
        self.answer.wait(30)
        return ""


async def test_missing_folders_are_named_with_the_reason(tmp_path: Path) -> None:
    """A folder that is gone is absent until it is back; others are not."""
    here = Member(tmp_path, name="here", prefix="")
    gone = Member(tmp_path / "gone", name="gone", prefix="gone")
    presence = Presence()

    await presence.look([here, gone])
    assert presence.absent == {gone: f"{tmp_path / 'gone'}: {os.strerror(2)}"}

    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "a.py").write_text("x = 1")
    await presence.look([here, gone])
    assert presence.absent == {}


async def test_a_folder_that_hangs_holds_one_thread(tmp_path: Path) -> None:
    """A file system without an answer counts as missing, and is asked again only once it has answered."""
    member = HangingMember(tmp_path, name="slow", prefix="slow")
    object.__setattr__(member, "answer", threading.Event())
    presence, before = Presence(), {*threading.enumerate()}

    for _ in range(3):
        await presence.look([member])
        assert presence.absent == {member: f"{tmp_path} does not answer."}
    threads = {*threading.enumerate()} - before
    member.answer.set()

    assert len(threads) == 1
    await presence.look([member])
    await presence.look([member])
    assert presence.absent == {}
