"""The model on this machine, put together: its engine, the queue before it, and the backend."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import structlog

from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.local import LocalBackend
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.upstream_client import connect_to_socket
from code_rag.llm_server.backends.waiting_line import WaitingLine
from code_rag.llm_server.engine.identity import identity_of
from code_rag.llm_server.engine.keeper import COMMAND, EngineKeeper
from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.local_metrics import watch_local_model
from code_rag.llm_server.selection import limits_of
from code_rag.llm_server.settings import Settings
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.health import Health
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.private_folder import private_folder
from code_rag.servicekit.settings import CannotStart, SettingsError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LocalModel:
    """The backend for the model on this machine, and what it needs to run."""

    backend: LocalBackend
    keeper: EngineKeeper
    line: WaitingLine

    @classmethod
    def of(cls, settings: Settings, metrics: UpstreamMetrics, command: Sequence[str]) -> "LocalModel":
        """What the settings ask for; raises CannotStart where the engine's package is not installed.

        Under a reloader the engine belongs to that process, and so serves the next worker too.
        """
        if settings.llm_models:
            raise SettingsError("LLM_BACKEND: local answers with no other model, and LLM_MODELS names some")
        if command == COMMAND and find_spec("xllamacpp") is None:
            raise CannotStart(
                "LLM_BACKEND=local needs the package xllamacpp: `make run LLM=local` installs it, or install "
                "'code-rag-llm-server[local]'; images have it with --build-arg LOCK=llm-server-local."
            )
        owner = os.getppid() if settings.reload else os.getpid()
        place = EnginePlace(private_folder("llm-server", owner))
        identity = identity_of(settings)
        keeper = EngineKeeper(place, identity, owner, command, lambda: identity == identity_of(settings))
        upstream, line = connect_to_socket(place.socket), WaitingLine(settings.local_queue)
        engine = OpenAIBackend(
            upstream, settings.local_model, limits_of(settings), Guard("local", 0, metrics)
        )
        log.info("language model", backend="local", model=settings.local_model)
        backend = LocalBackend(keeper, engine, line, settings.upstream_first_token_seconds)
        return cls(backend, keeper, line)

    @asynccontextmanager
    async def running(self, health: Health, metrics: Metrics) -> AsyncGenerator[None]:
        """Load the model while the service runs; `/health` says how far that is, and `/metrics` the queue."""
        watch_local_model(metrics.registry, self.keeper, self.line)

        def show() -> None:
            if self.keeper.is_ready:
                health.ready()
            elif health.state != "ready":
                failed = self.keeper.state is not None and self.keeper.state.phase == "failed"
                (health.fail if failed else health.starting)(self.keeper.words())

        self.keeper.on_change(show)
        show()
        async with self.keeper.running():
            yield
