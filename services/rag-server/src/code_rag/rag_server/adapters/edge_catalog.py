"""The embedded indexes of a collection, in one folder, and the file that says which of them serves."""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

from code_rag.rag_server.adapters.edge_folder import remove_folder
from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_payload import FIRST_GUESS, cache_name, index_name, is_of
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import VectorStore
from code_rag.servicekit.errors import Unavailable


class EdgeCatalog:
    """A Catalog whose pointer is a file, `<collection>.json`."""

    def __init__(self, folder: Path, collection: str, *, redacted: bool = True) -> None:
        self._folder = folder
        self._collection = collection
        self._redacted = redacted
        self._pointer = folder / f"{collection}.json"
        self._opened: dict[str, VectorStore] = {}

    def last(self) -> EmbeddingModel:
        """The model that the pointer names, or the first guess."""
        return self._pointed() or FIRST_GUESS

    async def serving(self) -> EmbeddingModel | None:
        """The model that the pointer names; None where there is none, or one that cannot be read."""
        return await asyncio.to_thread(self._pointed)

    async def serve(self, model: EmbeddingModel) -> None:
        """Point to the index of `model`, in one step; raises Unavailable where the disk refuses."""
        try:
            await asyncio.to_thread(self._point, model)
        except OSError as error:
            reason = f"{self._pointer} cannot be written: {error.strerror}."
            raise Unavailable(reason, code="store_unavailable") from error

    async def holds(self, model: EmbeddingModel) -> bool:
        """Whether there is a folder of that name."""
        return await asyncio.to_thread((self._folder / self._index(model)).is_dir)

    def open(self, model: EmbeddingModel) -> VectorStore:
        """The store of the index of `model`; raises StoreUnusable as `open_edge_store` does."""
        name = self._index(model)
        if name not in self._opened:
            cache = self._folder / f"{self._cache(model)}.sqlite3"
            self._opened[name] = open_edge_store(self._folder / name, model.dimension, cache)
        return self._opened[name]

    async def prune(self, keep: Collection[EmbeddingModel]) -> Sequence[str]:
        """Delete the other folders and files of the collection; what another process uses stays."""
        kept = {name for model in keep for name in (self._index(model), self._cache(model))}
        for name in self._opened.keys() - kept:
            await self._opened.pop(name).close()
        return await asyncio.to_thread(self._remove_others, kept)

    async def close(self) -> None:
        """Close every store that is open."""
        for store in self._opened.values():
            await store.close()

    def _index(self, model: EmbeddingModel) -> str:
        return index_name(self._collection, model.space, redacted=self._redacted)

    def _cache(self, model: EmbeddingModel) -> str:
        return cache_name(self._collection, model.space)

    def _pointed(self) -> EmbeddingModel | None:
        try:
            return EmbeddingModel(**json.loads(self._pointer.read_text()))
        except (OSError, ValueError, TypeError):
            return None  # as before the first run: embedding-server says which model it is

    def _point(self, model: EmbeddingModel) -> None:
        scratch = self._pointer.with_suffix(".tmp")
        scratch.write_text(json.dumps(asdict(model)))
        scratch.replace(self._pointer)

    def _remove_others(self, kept: Collection[str]) -> list[str]:
        removed = []
        for other in sorted(self._folder.iterdir()):
            name = other.name.removesuffix(".sqlite3")
            if not is_of(self._collection, name) or name in kept:
                continue
            if other.is_dir():
                removed += [other.name] if remove_folder(other) else []
            else:
                for part in ("", "-wal", "-shm"):
                    other.with_name(other.name + part).unlink(missing_ok=True)
                removed.append(other.name)
        return removed
