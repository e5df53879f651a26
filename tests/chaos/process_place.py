"""Our services as processes, watched over as `make run` does it."""

import math
import os
import resource
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from code_rag.localstack.ports import HOST, unused_ports
from code_rag.localstack.processes import LocalStack
from tests.chaos.place import proxied, set_weather
from tests.fixtures.targets import START_SECONDS, local_stack


class ProcessPlace:
    """Three processes: the store is in rag-server's, so what happens to that happens to the store."""

    services: tuple[str, ...] = ("embedding-server", "llm-server", "rag-server")
    seconds = 30.0

    def __init__(self, stack: LocalStack, url: str, weather: Path) -> None:
        self.stack = stack
        self.url = url
        self.weather = weather
        self.codebase = Path(stack.codebase_path)
        self.addresses: Mapping[str, str] = {name: service.url for name, service in stack.services.items()}

    def kill(self, service: str) -> None:
        """SIGKILL; the stack starts it again."""
        self.stack.services[service].send(signal.SIGKILL)

    def stop(self, service: str) -> None:
        """SIGTERM; the stack is to start it again in a time that never comes."""
        self.stack.services[service].due = math.inf
        self.stack.services[service].send(signal.SIGTERM)

    def start(self, service: str) -> None:
        """Let the stack start it, once it has ended."""
        self.stack.services[service].wait(10)
        self.stack.services[service].due = 0

    def pause(self, service: str) -> None:
        """SIGSTOP to all its processes."""
        self.stack.services[service].send(signal.SIGSTOP)

    def resume(self, service: str) -> None:
        """SIGCONT to all its processes."""
        self.stack.services[service].send(signal.SIGCONT)

    def fill(self, service: str) -> None:
        """No file of its processes may be written to any more; its log neither."""
        self._limit(service, 0)

    def empty(self, service: str) -> None:
        """Files may be written to again."""
        self._limit(service, resource.RLIM_INFINITY)

    def _limit(self, service: str, size: int) -> None:
        process = self.stack.services[service].process
        assert process
        for pid in _group(process.pid):
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def set_weather(self, service: str, how: str) -> None:
        """Of the proxy in front of a service, rag-server's too."""
        set_weather(self.weather, service, how)

    def tend(self) -> bool:
        """Start what has ended, as `make run` does."""
        self.stack.supervise()
        return all(service.exit_code() is None for service in self.stack.services.values())

    def save(self, folder: Path) -> None:
        """Copy the logs."""
        shutil.copytree(self.stack.log_dir, folder / "logs")


def _group(leader: int) -> Iterator[int]:
    """The processes of a process group."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(ProcessLookupError):
                if os.getpgid(int(entry.name)) == leader:
                    yield int(entry.name)


@contextmanager
def process_place(folder: Path) -> Iterator[ProcessPlace]:
    """A stack in `folder` whose services reach each other over a proxy."""
    ports = dict(zip(ProcessPlace.services, unused_ports(3), strict=True))
    own = local_stack(folder, settings=_over(ports))
    routes = {name: (port, own.services[name].url.removeprefix("http://")) for name, port in ports.items()}
    with proxied(folder, routes) as weather, own as stack:
        stack.wait_ready(START_SECONDS)
        try:
            yield ProcessPlace(stack, f"http://{HOST}:{ports['rag-server']}", weather)
        finally:
            for service in stack.services.values():
                service.send(signal.SIGCONT)  # one that stands still would not leave


def _over(ports: dict[str, int]) -> dict[str, str]:
    """The settings that have rag-server call its neighbours at these ports."""
    url = f"http://{HOST}:"
    return {
        "EMBEDDING_SERVER_URL": f"{url}{ports['embedding-server']}",
        "LLM_SERVER_URL": f"{url}{ports['llm-server']}",
    }
