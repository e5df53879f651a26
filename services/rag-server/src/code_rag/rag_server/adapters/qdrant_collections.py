"""The indexes in a Qdrant server: finds their embedding models, and removes those of other versions."""

from collections.abc import Callable

from qdrant_client import AsyncQdrantClient, models

from code_rag.rag_server.adapters.qdrant_errors import translated
from code_rag.rag_server.adapters.qdrant_payload import DENSE, is_sibling
from code_rag.rag_server.model import EmbeddingModel


async def fullest_model(
    client: AsyncQdrantClient, collection: str, name_of: Callable[[EmbeddingModel], str]
) -> EmbeddingModel | None:
    """The model of the largest index of `collection` that this version would use; None if there is none."""
    found: list[tuple[int, EmbeddingModel]] = []
    with translated():
        for each in (await client.get_collections()).collections:
            if each.name.startswith(f"{collection}-"):
                info = await client.get_collection(each.name)
                model = _model(info.config)
                # The index of another chunker version has another name and would not be used.
                if model and name_of(model) == each.name:
                    found.append((info.points_count or 0, model))
    return max(found, key=lambda pair: pair[0])[1] if found else None


async def remove_siblings(client: AsyncQdrantClient, collection: str, cache: str) -> list[str]:
    """Delete what other models and versions left of the same collection; the names.

    Only what carries our own mark: another program's collection may have such a name by chance.
    """
    removed = []
    with translated():
        for each in (await client.get_collections()).collections:
            if is_sibling(collection, each.name) and each.name != cache:
                info = await client.get_collection(each.name)
                if "model" in (info.config.metadata or {}):
                    await client.delete_collection(each.name)
                    removed.append(each.name)
    return sorted(removed)


def _model(config: models.CollectionConfig) -> EmbeddingModel | None:
    vectors, name = config.params.vectors, (config.metadata or {}).get("model")
    if not name or not isinstance(vectors, dict) or DENSE not in vectors:
        return None
    return EmbeddingModel(str(name), vectors[DENSE].size)
