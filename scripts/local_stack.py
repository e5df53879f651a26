"""Runs the three services as processes of this machine and stops every one of them again.

The standard library alone, so that starting costs no time on imports.
"""

import contextlib
import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
"""Where the services run: relative paths in settings mean the same wherever they were started from."""
HOST = "127.0.0.1"
STOP_SECONDS = 4.0  # a service gives requests in flight 3 s
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 30.0  # a service that lived this long starts over with short pauses
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class StackError(Exception):
    """The stack cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the services listen on loopback."""

    embedding: int
    llm: int
    rag: int


def free_ports() -> Ports:
    """A port for each service that nobody listens on at the moment."""
    return Ports(*unused_ports(3))


def unused_ports(count: int) -> list[int]:
    """`count` different ports of loopback that nobody listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [int(each.getsockname()[1]) for each in sockets]


def port_in_use(port: int) -> bool:
    """Whether something listens on `port`."""
    try:
        socket.create_server((HOST, port)).close()  # sets SO_REUSEADDR: connections just closed do not count
    except OSError:
        return True
    return False


@dataclass
class Service:
    """One service's process: how it is started, where it logs, and when it may be started again."""

    name: str
    port: int
    log: Path
    environment: Mapping[str, str]
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0
    due: float | None = None
    """When it is to be started again; None unless it has died."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it in a process group of its own: a Ctrl-C in the terminal is the launcher's to handle."""
        with self.log.open("ab") as log, _uninterrupted():
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=_die_with_parent if _libc else None,
            )
        self.started, self.due = time.monotonic(), None

    def exit_code(self) -> int | None:
        """The code it ended with; None while it runs or before it was started."""
        return self.process.poll() if self.process else None

    def health(self) -> dict[str, Any]:
        """What it says of itself; nothing while it does not answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            body: dict[str, Any] = json.loads(connection.getresponse().read())
            return body
        except (OSError, http.client.HTTPException):
            return {}
        finally:
            connection.close()

    def send(self, number: signal.Signals) -> None:
        """Send `number` to its process group; nothing happens where it has ended."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, `seconds` at most."""
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.0, seconds))

    def report(self, what: str) -> str:
        """A sentence on what happened to it, with where its log is and the log's last lines."""
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return "\n  ".join([f"{self.name} {what}. Its log, {self.log}, ends with:", *lines])


@dataclass
class LocalStack:
    """The three services, started together, watched, and stopped together on the way out of `with`."""

    codebase: Path
    data_dir: Path
    log_dir: Path
    ports: Ports
    extra: Mapping[str, str] = field(default_factory=dict)
    """Environment variables on top of this process' own."""
    say: Callable[[str], None] = print
    reload: Path | None = None
    """The project whose saved source files are served at once; none where that is not wanted."""
    services: dict[str, Service] = field(init=False)

    def __post_init__(self) -> None:
        ports = {
            "embedding-server": self.ports.embedding,
            "llm-server": self.ports.llm,
            "rag-server": self.ports.rag,
        }
        source = {"RELOAD": ""}
        if self.reload:
            source = {"RELOAD": "1", "PYTHONPATH": os.pathsep.join(map(str, self.reload.glob("*/*/src")))}
        shared = {
            **os.environ,
            "CODEBASE_PATH": str(self.codebase),
            "DATA_DIR": str(self.data_dir),
            "EMBEDDING_SERVER_URL": f"http://{HOST}:{self.ports.embedding}",
            "LLM_SERVER_URL": f"http://{HOST}:{self.ports.llm}",
            **self.extra,
            **source,
            "HOST": HOST,
        }
        self.services = {
            name: Service(
                name=name,
                port=port,
                log=self.log_dir / f"{name}.log",
                environment={**shared, "PORT": str(port)},
                command=[sys.executable, "-m", f"code_rag.{name.replace('-', '_')}"],
            )
            for name, port in ports.items()
        }

    @property
    def rag_url(self) -> str:
        return self.services["rag-server"].url

    def __enter__(self) -> "LocalStack":
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        try:
            for service in self.services.values():
                service.log.write_bytes(b"")
                service.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_ready(self, seconds: float) -> None:
        """Return when all services can serve; raises StackError when one cannot, or `seconds` have passed."""
        deadline = time.monotonic() + seconds
        for service in self.services.values():
            while (health := service.health()).get("status") not in ("ok", "degraded"):
                self._raise_if_one_ended()
                if health.get("status") == "failing":
                    details = [check["detail"] for check in health["checks"].values()]
                    raise StackError(f"{service.name} cannot serve. {' '.join(details)}")
                if time.monotonic() > deadline:
                    raise StackError(service.report(f"was not ready within {seconds:g} s"))
                time.sleep(0.05)

    def _raise_if_one_ended(self) -> None:
        for service in self.services.values():
            code = service.exit_code()
            if code is not None:
                raise StackError(service.report(f"ended with exit code {code} while starting"))

    def supervise(self) -> None:
        """Start again what has died, after a pause that grows with each failure; call it often."""
        now = time.monotonic()
        for service in self.services.values():
            code = service.exit_code()
            if code is not None and service.due is None:
                service.failures = 0 if now - service.started > STEADY_SECONDS else service.failures + 1
                pause = min(LONGEST_PAUSE_SECONDS, 0.25 * 2**service.failures)
                service.due = now + pause
                self.say(service.report(f"ended with exit code {code} and is started again in {pause:g} s"))
            elif service.due is not None and now >= service.due:
                service.start()

    def stop(self) -> None:
        """Ask all to stop, give them four seconds, and kill what is left; signals wait until that is done."""
        with _uninterrupted():
            deadline = time.monotonic() + STOP_SECONDS
            for number, until in ((signal.SIGTERM, deadline), (signal.SIGKILL, deadline + 5)):
                for service in self.services.values():
                    service.send(number)
                for service in self.services.values():
                    service.wait(until - time.monotonic())


def _die_with_parent() -> None:
    """Have Linux stop this child when its parent is gone, however it went; elsewhere a SIGKILL spares it."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold stop signals back for the length of a block: a child must be on record before a signal ends us."""
    held: list[int] = []

    def hold(number: int, _: FrameType | None) -> None:
        held.append(number)

    previous = {number: signal.signal(number, hold) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])
