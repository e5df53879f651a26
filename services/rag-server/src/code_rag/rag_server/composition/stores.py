"""Opens the index of an embedding model where the settings say, and remembers the last model."""

import json
from dataclasses import asdict

import structlog

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_payload import cache_name, index_name
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.settings import Settings
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.settings import reveal

log = structlog.get_logger(__name__)

FIRST_GUESS = EmbeddingModel("sentence-transformers/all-MiniLM-L6-v2", 384)
"""Assumed until embedding-server first answers: the model it serves unless EMBEDDING_MODEL is set."""


class Stores:
    """One store per embedding model, so that vectors of two never mix; close it when done."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._memory = settings.data_dir / f"{settings.collection}.json"
        self._opened: list[VectorStore] = []

    def open(self, model: EmbeddingModel) -> VectorStore:
        """The store of the index made with `model`; it stays open until `close`.

        A Qdrant server need not be reachable yet; the embedded store raises StoreUnusable if it cannot be
        opened.
        """
        settings = self._settings
        name = self._index_name(model)
        cache = cache_name(settings.collection, model.name, model.dimension)
        store: VectorStore
        if settings.vector_db_url:
            # Imported only here: Qdrant's client takes as long to import as the rest of the start takes.
            from code_rag.rag_server.adapters.qdrant_server import ServerStore, connect

            client = connect(settings.vector_db_url, reveal(settings.vector_db_api_key))
            store = ServerStore(client, name, model.dimension, model.name, cache=cache)
        else:
            folder = settings.data_dir
            store = open_edge_store(folder / name, model.dimension, folder / f"{cache}.sqlite3")
        self._opened.append(store)
        return store

    def _index_name(self, model: EmbeddingModel) -> str:
        settings = self._settings
        return index_name(settings.collection, model.name, model.dimension, redacted=settings.redact_secrets)

    def last(self) -> EmbeddingModel:
        """The model stored next to the embedded store, or `FIRST_GUESS`."""
        try:
            return EmbeddingModel(**json.loads(self._memory.read_text()))
        except (OSError, ValueError, TypeError):
            return FIRST_GUESS

    async def find(self) -> EmbeddingModel | None:
        """The model of the largest index in the Qdrant server; None if there is none or it is unreachable."""
        settings = self._settings
        if not settings.vector_db_url:
            return None
        from code_rag.rag_server.adapters.qdrant_collections import fullest_model
        from code_rag.rag_server.adapters.qdrant_server import connect

        client = connect(settings.vector_db_url, reveal(settings.vector_db_api_key))
        try:
            return await fullest_model(client, settings.collection, self._index_name)
        except ServiceError as error:
            log.warning("cannot list the indexes in Qdrant", reason=error.message)
            return None
        finally:
            await client.close()

    def remember(self, model: EmbeddingModel) -> None:
        """Store that `model` was served; with a Qdrant server its collections record this already."""
        if self._settings.vector_db_url or model == self.last():
            return
        scratch = self._memory.with_suffix(".tmp")
        try:
            scratch.write_text(json.dumps(asdict(model)))
            scratch.replace(self._memory)
        except OSError as error:
            log.warning("cannot store the name of the embedding model", reason=str(error))

    async def close(self) -> None:
        """Close every store that was opened."""
        for store in self._opened:
            await store.close()
