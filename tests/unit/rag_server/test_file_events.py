"""File events as this system reports them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from code_rag.rag_server.adapters.file_events import SystemFileEvents
from code_rag.rag_server.ports import FileEventsUnavailable

DEADLINE_SECONDS = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder by the path that events name."""
    return tmp_path.resolve()


async def until(bursts: AsyncIterator[set[str]], *paths: Path) -> set[str]:
    """What was reported once all of these paths were."""
    reported: set[str] = set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not {str(path) for path in paths} <= reported:
            reported |= await anext(bursts)
    return reported


async def test_each_kind_of_change_is_reported(folder: Path) -> None:
    """What is written, renamed or deleted in a watched folder is reported, each by its path."""
    (folder / "in").mkdir()
    (folder / "in/a.py").write_text("a")
    folders = [str(folder), str(folder / "in")]
    async with aclosing(SystemFileEvents().watch(folders)) as bursts:
        assert await anext(bursts) == set()
        (folder / "in/a.py").write_text("b")
        await until(bursts, folder / "in/a.py")
        (folder / "new").mkdir()
        (folder / "in/a.py").rename(folder / "b.py")
        await until(bursts, folder / "new", folder / "in/a.py", folder / "b.py")
        (folder / "b.py").unlink()
        await until(bursts, folder / "b.py")


async def test_other_folders_cost_nothing(folder: Path) -> None:
    """What happens in a folder that was not named is not reported."""
    for name in ("in", "node_modules"):
        (folder / name).mkdir()
    async with aclosing(SystemFileEvents().watch([str(folder / "in")])) as bursts:
        assert await anext(bursts) == set()
        (folder / "node_modules/x.js").write_text("x")
        (folder / "in/a.py").write_text("a")
        reported = await until(bursts, folder / "in/a.py")
    assert reported == {str(folder / "in/a.py")}


async def test_a_folder_that_is_gone_is_said(folder: Path) -> None:
    """Where a folder cannot be watched the reason is raised."""
    with pytest.raises(FileEventsUnavailable, match="gone"):
        await anext(SystemFileEvents().watch([str(folder / "gone")]))


LIMITED = """
import asyncio, os, sys
from code_rag.rag_server.adapters.file_events import SystemFileEvents
from code_rag.rag_server.ports import FileEventsUnavailable
limit, folder = sys.argv[1:]
with open(f"/proc/sys/user/{limit}", "w") as file:
    file.write("2" if limit.endswith("watches") else "0")
folders = [os.path.join(folder, name) for name in os.listdir(folder)]
try:
    asyncio.run(anext(SystemFileEvents().watch(folders)))
except FileEventsUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_a_limit_of_the_system_is_named(tmp_path: Path, limit: str) -> None:
    """Where Linux allows no more watches the reason names the setting (tried in a user namespace)."""
    if subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode:
        pytest.skip("user namespaces are not available here")
    for name in "abcde":
        (tmp_path / name).mkdir()
    result = subprocess.run(
        ["unshare", "-Ur", sys.executable, "-c", LIMITED, limit, str(tmp_path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert f"fs.inotify.{limit.replace('inotify', 'user')}" in result.stdout
