"""The supervisor behind `make run` and the tests: it starts, watches and leaves nothing behind."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from code_rag.localstack.errors import StackError
from code_rag.localstack.ports import free_ports, port_in_use
from code_rag.localstack.processes import LocalStack
from tests.fixtures.waiting import wait_for
from tests.unit.localstack.conftest import Fakes, runs


def stack_of(tmp_path: Path, environment: dict[str, str], said: list[str] | None = None) -> LocalStack:
    """A stack of fakes on free ports."""
    say = (said if said is not None else []).append
    return LocalStack(tmp_path, tmp_path / "data", tmp_path / "logs", free_ports(), environment, say)


def pids(stack: LocalStack) -> dict[str, int]:
    """The process id of each service."""
    return {name: service.process.pid for name, service in stack.services.items() if service.process}


def test_all_start_and_all_stop(tmp_path: Path, fakes: Fakes) -> None:
    """Inside the block three services are healthy, after it none runs and their ports are free."""
    with stack_of(tmp_path, fakes()) as stack:
        stack.wait_ready(20)
        started = pids(stack)
        assert all(service.health()["status"] == "ok" for service in stack.services.values())
    assert len(started) == 3
    assert not any(runs(pid) for pid in started.values())
    assert not any(port_in_use(service.port) for service in stack.services.values())


def test_an_exception_leaves_nothing_behind(tmp_path: Path, fakes: Fakes) -> None:
    """Whatever goes wrong inside the block, the services are stopped."""
    stack = stack_of(tmp_path, fakes())
    with pytest.raises(KeyboardInterrupt), stack:
        raise KeyboardInterrupt
    assert not any(runs(pid) for pid in pids(stack).values())


def test_a_service_that_ends_early_is_reported(tmp_path: Path, fakes: Fakes) -> None:
    """A service that ends while starting is named with its exit code and its last words, at once."""
    with stack_of(tmp_path, fakes(llm_server="exits")) as stack:
        with pytest.raises(StackError, match=r"llm-server ended with exit code 1 while starting") as raised:
            stack.wait_ready(20)
        assert "PORT: not today" in str(raised.value)


def test_a_service_that_is_never_ready_is_reported(tmp_path: Path, fakes: Fakes) -> None:
    """A service that is not ready in time is named with the time it had."""
    with (
        stack_of(tmp_path, fakes(rag_server="never ready")) as stack,
        pytest.raises(StackError, match=r"rag-server was not ready within 2 s"),
    ):
        stack.wait_ready(2)


def test_a_service_that_cannot_serve_is_reported(tmp_path: Path, fakes: Fakes) -> None:
    """A service that says it is failing is named at once, with the reason it gives."""
    with (
        stack_of(tmp_path, fakes(embedding_server="failing")) as stack,
        pytest.raises(StackError, match=r"embedding-server cannot serve. There is no model: set MODEL_DIR."),
    ):
        stack.wait_ready(20)


def test_a_killed_service_is_started_again(tmp_path: Path, fakes: Fakes) -> None:
    """A service that dies is started again and said so, and the others run on."""
    said: list[str] = []
    with stack_of(tmp_path, fakes(), said) as stack:
        stack.wait_ready(20)
        before = pids(stack)
        stack.services["llm-server"].send(signal.SIGKILL)

        def back() -> bool:
            stack.supervise()
            return pids(stack)["llm-server"] != before["llm-server"] and bool(
                stack.services["llm-server"].health()
            )

        wait_for(back, "llm-server to be back")
        assert pids(stack) | {"llm-server": before["llm-server"]} == before
    assert [line.splitlines()[0].split(";")[0] for line in said] == [said[0].splitlines()[0]]
    assert "llm-server ended with exit code -9 and is started again in 0.5 s" in said[0]


def test_pauses_between_restarts_grow(tmp_path: Path, fakes: Fakes) -> None:
    """A service that keeps ending is started again after longer and longer pauses."""
    said: list[str] = []
    with stack_of(tmp_path, fakes(llm_server="exits"), said) as stack:

        def third() -> bool:
            stack.supervise()
            return len(said) == 3

        wait_for(third, "three restarts")
    assert [f"{pause} s" in line for pause, line in zip(("0.5", "1", "2"), said, strict=True)] == [True] * 3


def test_a_service_that_ignores_sigterm_is_killed(tmp_path: Path, fakes: Fakes) -> None:
    """Stopping takes less than five seconds even when a service ignores SIGTERM."""
    with stack_of(tmp_path, fakes(embedding_server="stubborn")) as stack:
        stack.wait_ready(20)
        asked = time.monotonic()
    assert time.monotonic() - asked < 5
    assert not any(runs(pid) for pid in pids(stack).values())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child when its parent ends")
def test_a_killed_launcher_takes_its_services_along(tmp_path: Path, fakes: Fakes) -> None:
    """Services stop by themselves when the process that started them is killed."""
    script = (
        "import sys, time; from pathlib import Path; from code_rag.localstack.ports import free_ports\n"
        "from code_rag.localstack.processes import LocalStack; folder = Path(sys.argv[1])\n"
        "with LocalStack(folder, folder / 'data', folder / 'logs', free_ports()) as stack:\n"
        "    stack.wait_ready(20); print(*(s.process.pid for s in stack.services.values()), flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], env=fakes(), stdout=subprocess.PIPE
    ) as launcher:
        assert launcher.stdout is not None
        children = [int(pid) for pid in launcher.stdout.readline().split()]
        assert len(children) == 3
        launcher.kill()
    wait_for(lambda: not any(runs(pid) for pid in children), "the services to stop")


def test_a_port_in_use_is_seen() -> None:
    """A port is in use while somebody listens on it, and not afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert port_in_use(port)
    assert not port_in_use(port)


def test_reloading_is_two_variables(tmp_path: Path) -> None:
    """A stack that reloads starts the same commands with RELOAD=1 and the project's source on the path; one
    that does not hands no RELOAD on."""
    source = tmp_path / "services" / "rag-server" / "src"
    source.mkdir(parents=True)
    plain = stack_of(tmp_path, {"RELOAD": "1"})
    reloading = LocalStack(tmp_path, tmp_path, tmp_path, free_ports(), reload=tmp_path)
    for name, service in reloading.services.items():
        assert service.command == plain.services[name].command
        assert (service.environment["RELOAD"], service.environment["PYTHONPATH"]) == ("1", str(source))
        assert "RELOAD" not in plain.services[name].environment
