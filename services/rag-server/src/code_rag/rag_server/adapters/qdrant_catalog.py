"""The indexes of a collection in a Qdrant server, and the alias that says which of them serves."""

from collections.abc import Collection, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models

from code_rag.rag_server.adapters.qdrant_errors import translated
from code_rag.rag_server.adapters.qdrant_payload import DENSE, FIRST_GUESS, cache_name, index_name, is_of
from code_rag.rag_server.adapters.qdrant_server import ServerStore
from code_rag.rag_server.model import EmbeddingModel


class QdrantCatalog:
    """A Catalog whose pointer is an alias with the name of the collection.

    Stores are asked by their own names, never by the alias: what holds a vector of one model must not find
    another model's index under the name that it uses.
    """

    def __init__(self, client: AsyncQdrantClient, collection: str, *, redacted: bool = True) -> None:
        """Closes `client` when it is closed."""
        self._client = client
        self._collection = collection
        self._redacted = redacted
        self._opened: dict[str, ServerStore] = {}

    def last(self) -> EmbeddingModel:
        """The first guess: only the server knows."""
        return FIRST_GUESS

    async def serving(self) -> EmbeddingModel | None:
        """The model of the collection that the alias leads to."""
        with translated():
            for alias in (await self._client.get_aliases()).aliases:
                if alias.alias_name == self._collection:
                    return _model((await self._client.get_collection(alias.collection_name)).config)
        return None

    async def serve(self, model: EmbeddingModel) -> None:
        """Lead the alias to the index of `model`, in one step."""
        old = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._collection))
        new = models.CreateAlias(collection_name=self._index(model), alias_name=self._collection)
        with translated():
            if not await self._client.collection_exists(new.collection_name):
                await self.open(model).make()
            known = {alias.alias_name for alias in (await self._client.get_aliases()).aliases}
            steps = [old] if self._collection in known else []
            await self._client.update_collection_aliases(
                [*steps, models.CreateAliasOperation(create_alias=new)]
            )

    async def holds(self, model: EmbeddingModel) -> bool:
        """Whether there is a collection of that name."""
        with translated():
            return await self._client.collection_exists(self._index(model))

    def open(self, model: EmbeddingModel) -> ServerStore:
        """The store of the index of `model`; the server is asked when something is stored."""
        name = self._index(model)
        if name not in self._opened:
            self._opened[name] = ServerStore(
                self._client,
                name,
                model.dimension,
                {"model": model.name, "max_tokens": model.max_tokens, "fingerprint": model.fingerprint},
                cache=cache_name(self._collection, model.space),
            )
        return self._opened[name]

    async def prune(self, keep: Collection[EmbeddingModel]) -> Sequence[str]:
        """Delete the collection's other indexes and vectors.

        Only what carries our own mark: another program's collection may have such a name by chance.
        """
        kept = {self._index(model) for model in keep} | {
            cache_name(self._collection, model.space) for model in keep
        }
        removed = []
        with translated():
            for each in (await self._client.get_collections()).collections:
                if is_of(self._collection, each.name) and each.name not in kept:
                    info = await self._client.get_collection(each.name)
                    if "model" in (info.config.metadata or {}):
                        await self._client.delete_collection(each.name)
                        self._opened.pop(each.name, None)
                        removed.append(each.name)
        return sorted(removed)

    async def close(self) -> None:
        """Close the connections; whatever was stored is already durable."""
        await self._client.close()

    def _index(self, model: EmbeddingModel) -> str:
        return index_name(self._collection, model.space, redacted=self._redacted)


def _model(config: models.CollectionConfig) -> EmbeddingModel | None:
    vectors, kept = config.params.vectors, dict[str, Any](config.metadata or {})
    if "model" not in kept or not isinstance(vectors, dict) or DENSE not in vectors:
        return None
    size, read = vectors[DENSE].size, kept.get("max_tokens", 0)
    return EmbeddingModel(str(kept["model"]), size, int(read), str(kept.get("fingerprint", "")))
