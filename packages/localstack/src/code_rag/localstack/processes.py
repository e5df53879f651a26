"""The three services of a stack, started, watched and stopped together."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from code_rag.localstack.errors import StackError
from code_rag.localstack.ports import HOST, Ports
from code_rag.localstack.service import Service
from code_rag.localstack.signals import uninterrupted

STOP_SECONDS = 4.0  # a service gives requests in flight 3 s
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 30.0  # a service that lived this long starts over with short pauses


@dataclass
class LocalStack:
    """The three services, started together, watched, and stopped together on the way out of `with`."""

    codebase_path: Path | str
    data_dir: Path
    log_dir: Path
    ports: Ports
    extra: Mapping[str, str] = field(default_factory=dict)
    """Environment variables on top of this process' own."""
    say: Callable[[str], None] = print
    reload: Path | None = None
    """The project whose saved source files are served at once; none where that is not wanted."""
    folder: Path = field(default_factory=Path.cwd)
    """Where the services run."""
    services: dict[str, Service] = field(init=False)

    def __post_init__(self) -> None:
        ports = {
            "embedding-server": self.ports.embedding,
            "llm-server": self.ports.llm,
            "rag-server": self.ports.rag,
        }
        environment = self._environment()
        self.services = {
            name: Service(
                name=name,
                port=port,
                log=self.log_dir / f"{name}.log",
                environment={**environment, "PORT": str(port)},
                command=[sys.executable, "-m", "code_rag." + name.replace("-", "_")],
                folder=self.folder,
            )
            for name, port in ports.items()
        }

    def _environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            "CODEBASE_PATH": str(self.codebase_path),
            "DATA_DIR": str(self.data_dir),
            "EMBEDDING_SERVER_URL": f"http://{HOST}:{self.ports.embedding}",
            "LLM_SERVER_URL": f"http://{HOST}:{self.ports.llm}",
            **self.extra,
            "HOST": HOST,
        }
        environment.pop("RELOAD", None)
        return environment | (_reloading(self.reload) if self.reload else {})

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
        """Start services that ended again, after a pause that grows with each failure; call it often."""
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
        with uninterrupted():
            deadline = time.monotonic() + STOP_SECONDS
            for number, until in ((signal.SIGTERM, deadline), (signal.SIGKILL, deadline + 5)):
                for service in self.services.values():
                    service.send(number)
                for service in self.services.values():
                    service.wait(until - time.monotonic())


def _reloading(project: Path) -> dict[str, str]:
    """The variables that have a service serve the source of `project`, each saved file at once."""
    return {"RELOAD": "1", "PYTHONPATH": os.pathsep.join(map(str, project.glob("*/*/src")))}
