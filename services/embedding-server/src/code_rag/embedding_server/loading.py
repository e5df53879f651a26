"""Loads the encoder that the settings ask for, and lets it serve only if it computes the right vectors."""

import structlog

from code_rag.embedding_server.cpu_quota import usable_cpus
from code_rag.embedding_server.encoders.base import Encoder
from code_rag.embedding_server.golden import check_encoder, load_golden
from code_rag.embedding_server.model_files import resolve, sources_of
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.settings import Settings

log = structlog.get_logger(__name__)


class EngineMissing(Exception):
    """The engine's packages are not installed; the message says how to install them."""


def load_encoder(settings: Settings) -> Encoder:
    """The encoder, tested against the golden vectors; takes a second, or as long as the model's download.

    Raises ModelUnavailable, EngineMissing or SelfTestFailed.
    """
    model, engine, threads = settings.embedding_model, settings.embedding_engine, usable_cpus()
    pinned = model == MINILM.name
    found = resolve(MINILM, sources_of(settings)) if pinned else None
    # The engines are imported where they are chosen: the service listens before they have loaded.
    if engine == "onnx" and found:
        from code_rag.embedding_server.encoders.onnx import OnnxEncoder

        encoder: Encoder = OnnxEncoder(model, found.path, threads)
    else:
        encoder = _reference(model, str(found.path) if found else model, threads)
    if pinned:
        check_encoder(encoder, load_golden())
    else:
        log.warning(
            "there are no golden vectors for this model: what it computes is not checked", model=model
        )
    log.info("encoder ready", model=model, engine=engine, threads=threads, source=found and found.source)
    return encoder


def _reference(model: str, folder_or_name: str, threads: int) -> Encoder:
    try:
        from code_rag.embedding_server.encoders.sentence_transformers import SentenceTransformersEncoder
    except ModuleNotFoundError as error:
        raise EngineMissing(
            f"EMBEDDING_ENGINE=sentence-transformers needs the package {error.name}: install "
            "'embedding-server[sentence-transformers]', or leave EMBEDDING_ENGINE unset."
        ) from error
    return SentenceTransformersEncoder(model, folder_or_name, threads)
