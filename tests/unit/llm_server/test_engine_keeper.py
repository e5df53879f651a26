"""Who owns an engine's process, who takes it over, and when it ends."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from code_rag.llm_server.engine.keeper import EngineKeeper
from code_rag.llm_server.engine.owner import Owner
from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.engine.state import read_state
from code_rag.servicekit.private_folder import private_folder
from tests.fixtures.waiting import wait_for, wait_until
from tests.unit.llm_server.processes import alive
from tests.unit.llm_server.test_local_model import FAKE


def test_the_engine_ends_with_its_owner(tmp_path: Path) -> None:
    """Where the owner is killed, the engine notices and ends too."""
    place = EnginePlace(tmp_path / "place")
    place.folder.mkdir(mode=0o700)
    start_engine = "import os, subprocess as s, sys; s.Popen([*sys.argv[1:], str(os.getpid()), 'x']); input()"
    command = [sys.executable, "-c", start_engine, *FAKE, "ready", str(place.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as owner:
        wait_for(place.socket.exists, "the engine to listen")
        state = read_state(place.state)
        owner.kill()
    assert state is not None
    wait_for(lambda: not alive(state.pid), "the engine to end")


async def test_a_later_worker_takes_the_running_engine_over() -> None:
    """With the same identity it is adopted; with another one, as after an edit, it is replaced."""
    place = EnginePlace(private_folder("llm-server", os.getppid()))
    first = EngineKeeper(place, "same", os.getppid(), (*FAKE, "ready"))
    engines = []
    try:
        for keeper in (
            first,
            EngineKeeper(place, "same", os.getppid(), (*FAKE, "ready")),
            EngineKeeper(place, "newer", os.getppid(), (*FAKE, "ready")),
        ):
            async with keeper.running():
                await wait_until(partial(getattr, keeper, "is_ready"), "the engine")
                assert keeper.state is not None
                engines.append(keeper.state.pid)
        assert engines[0] == engines[1] != engines[2]
        assert keeper.restarts == 0
        await wait_until(lambda: not alive(engines[0]), "the first engine to end")
    finally:
        for engine in engines:
            if alive(engine):
                os.kill(engine, signal.SIGKILL)
        place.clear()


def test_a_process_that_is_gone_owns_nothing() -> None:
    """An owner that is not our parent is looked up by its number."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = Owner(process.pid)
        assert owner.is_alive()
    assert not owner.is_alive()
