"""The use case of taking vectors in that another index of the same model handed out.

They become part of the vectors that are known by text, from which every index run takes what it needs. So no
file, chunk or line of the index is replaced by one that is not on this server's disk.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.fingerprint import PROBE, gives
from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import InvalidInput

TOLERANCE = 0.01
"""How far the length of a vector may be from 1: rounding to two bytes per number changes it by 0.001."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose vectors they are; files of earlier versions have no fingerprint, but a known text's vector."""

    model: EmbeddingModel
    probe: Vector = ()


@dataclass(slots=True)
class Importer:
    """Takes vectors into `space`, that of the index which is being made or kept current."""

    space: Callable[[], Space]

    async def missing(self, origin: Origin, keys: Sequence[str]) -> list[str]:
        """Those of `keys` without a vector here, in order.

        Raises InvalidInput for vectors of another model, and the embedder's and the store's errors.
        """
        known = await (await self._checked(origin)).store.cache.get(keys)
        return [key for key in keys if key not in known]

    async def take(self, origin: Origin, vectors: Mapping[str, Vector]) -> None:
        """Keep these vectors; raises as `missing` does, and InvalidInput for numbers that are no vector."""
        space = await self._checked(origin)
        if not all(map(_is_vector, vectors.values())):
            raise InvalidInput("data: a vector must have the length 1.", param="data")
        await space.store.cache.put(vectors)

    async def _checked(self, origin: Origin) -> Space:
        space, theirs = self.space(), origin.model
        own = space.embedder.model
        if (own.name, own.dimension) == (theirs.name, theirs.dimension) and not theirs.fingerprint:
            is_same = await gives(space.embedder, PROBE, origin.probe)
        else:
            is_same = bool(own.fingerprint) and own.fingerprint == theirs.fingerprint
        if not is_same:
            raise InvalidInput(
                f"The vectors are of another model: embedding-server {_difference(own, theirs)}. Start it "
                "with that model (EMBEDDING_MODEL), then import again; or do not import, and this server "
                "computes its own vectors.",
                param="model",
                code="other_model",
            )
        return space


def _difference(own: EmbeddingModel, theirs: EmbeddingModel) -> str:
    if (own.name, own.dimension) == (theirs.name, theirs.dimension):
        return f"serves another revision of {own.name}: it gives the same text another vector"
    return f"serves {_named(own)}, not {_named(theirs)}"


def _named(model: EmbeddingModel) -> str:
    return f"{model.name} ({model.dimension} numbers)"


def _is_vector(vector: Vector) -> bool:
    length = math.hypot(*vector)
    return length == 0 or abs(length - 1) < TOLERANCE
