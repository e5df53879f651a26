"""The stack in containers, started again by Docker's restart policy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from code_rag.localstack.ports import HOST, unused_ports
from tests.chaos.place import proxied, set_weather
from tests.fixtures.docker_compose import SERVICES, ComposeStack, compose_stack

FILLER = "filler"
FILL = """
with open("/tmp/{name}", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(1_000_000))
    except OSError:
        pass
"""
"""Fills /tmp, the one place but vector-db's volume where a container may write without an end."""


class ComposePlace:
    """Four containers: the proxy of compose.yml before three of them, one on loopback before rag-server."""

    services: tuple[str, ...] = SERVICES
    seconds = 90.0

    def __init__(self, stack: ComposeStack, url: str, weathers: dict[str, Path]) -> None:
        self.stack = stack
        self.url = url
        self.weathers = weathers
        self.codebase = stack.folder / "test-codebase"
        target = stack.target
        assert target.vector_db_url
        urls = (target.vector_db_url, target.embedding_url, target.llm_url, target.rag_url)
        self.addresses: Mapping[str, str] = dict(zip(SERVICES, urls, strict=True))

    def kill(self, service: str) -> None:
        """As for want of memory; the restart policy starts it again."""
        self.stack.kill(service)

    def stop(self, service: str) -> None:
        """`docker compose stop`."""
        self.stack.run("stop", service)

    def start(self, service: str) -> None:
        """`docker compose start`."""
        self.stack.run("start", service)

    def pause(self, service: str) -> None:
        """`docker compose pause`, which freezes all its processes."""
        self.stack.run("pause", service)

    def resume(self, service: str) -> None:
        """`docker compose unpause`."""
        self.stack.run("unpause", service)

    def fill(self, service: str) -> None:
        """Write to its disk until there is no more space: vector-db's volume, /tmp of the others."""
        if service == "vector-db":
            self.stack.execute(service, "bash", "-c", f"cat /dev/zero > /qdrant/storage/{FILLER}")
        else:
            self.stack.execute(service, "python", "-c", FILL.format(name=FILLER))

    def empty(self, service: str) -> None:
        """Give the space back, for vector-db from outside: with a full disk it may not be running."""
        if service == "vector-db":
            self.stack.execute("proxy", "rm", "-f", f"/filled/{FILLER}")
        else:
            self.stack.execute(service, "rm", "-f", f"/tmp/{FILLER}")

    def set_weather(self, service: str, how: str) -> None:
        """Of the proxy before the service."""
        set_weather(self.weathers[service], service, how)

    def tend(self) -> bool:
        """Docker does it, with one container each."""
        return True

    def save(self, folder: Path) -> None:
        """Logs and states of the containers."""
        self.stack.save_logs(folder)


@contextmanager
def compose_place(folder: Path) -> Iterator[ComposePlace]:
    """A stack of its own, in a copy of the project in `folder`."""
    inner = folder / "project" / "weather"
    inner.mkdir(parents=True)
    with compose_stack(folder / "project", "docker-compose.yml", "tests/chaos/compose.yml") as stack:
        (port,) = unused_ports(1)
        to = stack.target.rag_url.removeprefix("http://")
        with proxied(folder, {"rag-server": (port, to)}) as outer:
            weathers = {name: outer if name == "rag-server" else inner for name in SERVICES}
            yield ComposePlace(stack, f"http://{HOST}:{port}", weathers)
