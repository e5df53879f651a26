"""Loads the engine that the settings name or that suits the machine, and checks its vectors first."""

from collections.abc import Mapping

import structlog

from code_rag.embedding_server.engines import AUTO, ENGINES, OUTSIDE, EngineClass, EngineSpec, EngineUnusable
from code_rag.embedding_server.engines.base import Engine, Prefixes
from code_rag.embedding_server.golden import SelfTestFailed, check_engine, load_golden
from code_rag.embedding_server.model_files import ModelUnavailable, resolve, sources_of
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.cpu_quota import usable_cpus
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.settings import reveal

log = structlog.get_logger(__name__)


class EngineMissing(Exception):
    """The engine's packages are not installed; the message says how to install them."""


def load_engine(settings: Settings, engines: Mapping[str, EngineSpec] = ENGINES) -> Engine:
    """The engine, tested against the golden vectors; takes a second, or as long as the model's download.

    With EMBEDDING_ENGINE=auto it is the first of `engines` that suits the machine and passes; its `why`
    names those that did not. Raises ModelUnavailable, and where no engine works EngineMissing,
    EngineUnusable or SelfTestFailed.
    """
    if settings.embedding_engine == OUTSIDE:
        return _outside(settings)
    model, name = settings.embedding_model, settings.embedding_engine
    found = resolve(MINILM, sources_of(settings)) if model == MINILM.name else None
    location = str(found.path) if found else model
    if name == AUTO:
        engine = _first_that_works(model, location, engines)
    else:
        engine = _checked(engines[name], model, location)
        engine.why = "EMBEDDING_ENGINE names it"
    engine.prompts = _prefixes(settings, engine.prompts)
    log.info("engine ready", model=model, engine=engine.name, why=engine.why, lanes=engine.lanes)
    return engine


def _first_that_works(model: str, location: str, engines: Mapping[str, EngineSpec]) -> Engine:
    suited = {name: why for name, spec in engines.items() if spec.serves(model) and (why := spec.suits())}
    passed_over: list[str] = []
    for number, (name, why) in enumerate(suited.items(), start=1):
        try:
            engine = _checked(engines[name], model, location)
        except (EngineMissing, EngineUnusable, SelfTestFailed, RuntimeError) as error:
            if number == len(suited):
                raise
            log.warning("an engine does not work here; trying the next", engine=name, reason=str(error))
            passed_over.append(f"not {name}, though {why}: {error}")
        else:
            engine.why = "; ".join([why, *passed_over])
            return engine
    raise EngineMissing(f"No engine serves {model}.")


def _checked(spec: EngineSpec, model: str, location: str) -> Engine:
    engine = _class_of(spec)(model, location, usable_cpus())
    if model == MINILM.name:
        check_engine(engine, load_golden())
    else:
        log.warning("no golden vectors for this model: its vectors are not checked", model=model)
    return engine


def _outside(settings: Settings) -> Engine:
    # Imported here, as every engine is.
    from code_rag.embedding_server.engines.embeddings_api import EmbeddingsApi
    from code_rag.embedding_server.engines.openai import InputTypes, OpenAIEngine

    model, key = settings.embedding_model, reveal(settings.embedding_api_key)
    api = EmbeddingsApi(settings.embedding_base_url or "", key, model)
    try:
        engine = OpenAIEngine(
            api,
            model,
            prefixes=_prefixes(settings, Prefixes()),
            input_types=InputTypes(
                settings.embedding_query_input_type, settings.embedding_document_input_type
            ),
            max_tokens=settings.embedding_max_tokens,
        )
    except ServiceError as error:
        api.close()
        raise ModelUnavailable(error.message) from error
    log.info("engine ready", model=model, engine=OUTSIDE, host=api.host, max_tokens=engine.max_tokens)
    return engine


def _prefixes(settings: Settings, prompts: Prefixes) -> Prefixes:
    """Those of the settings, else those that the model asks for."""
    return Prefixes(
        settings.embedding_query_prefix or prompts.query,
        settings.embedding_document_prefix or prompts.document,
    )


def _class_of(spec: EngineSpec) -> EngineClass:
    try:
        return spec.load()
    except ModuleNotFoundError as error:
        if spec.extra is None:
            raise
        raise EngineMissing(
            f"the package {error.name} is missing, which 'code-rag-embedding-server[{spec.extra}]' installs"
        ) from error
