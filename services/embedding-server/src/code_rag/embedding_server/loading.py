"""Loads the engine that the settings name, and checks its vectors before it serves."""

import structlog

from code_rag.embedding_server.engines import ENGINES, EngineClass
from code_rag.embedding_server.engines.base import Engine
from code_rag.embedding_server.golden import check_engine, load_golden
from code_rag.embedding_server.model_files import resolve, sources_of
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.cpu_quota import usable_cpus

log = structlog.get_logger(__name__)


class EngineMissing(Exception):
    """The engine's packages are not installed; the message says how to install them."""


def load_engine(settings: Settings) -> Engine:
    """The engine, tested against the golden vectors; takes a second, or as long as the model's download.

    Raises ModelUnavailable, EngineMissing or SelfTestFailed.
    """
    model, name, threads = settings.embedding_model, settings.embedding_engine, usable_cpus()
    found = resolve(MINILM, sources_of(settings)) if model == MINILM.name else None
    engine = _class_of(name)(model, str(found.path) if found else model, threads)
    if found:
        check_engine(engine, load_golden())
    else:
        log.warning("no golden vectors for this model: its vectors are not checked", model=model)
    log.info("engine ready", model=model, engine=name, threads=threads, source=found and found.source)
    return engine


def _class_of(name: str) -> EngineClass:
    spec = ENGINES[name]
    try:
        return spec.load()
    except ModuleNotFoundError as error:
        if spec.extra is None:
            raise
        raise EngineMissing(
            f"EMBEDDING_ENGINE={name} needs the package {error.name}: install "
            f"'code-rag-embedding-server[{spec.extra}]', or leave EMBEDDING_ENGINE unset."
        ) from error
