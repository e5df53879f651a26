"""The use case of taking vectors in that another index of the same model handed out.

They become part of the vectors that are known by text, from which every index run takes what it needs. So no
file, chunk or line of the index is replaced by one that is not on this server's disk.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.exporting import Exporter
from code_rag.rag_server.fingerprint import Fingerprint
from code_rag.rag_server.model import Vector
from code_rag.servicekit.errors import InvalidInput

TOLERANCE = 0.01
"""How far the length of a vector may be from 1: rounding to two bytes per number changes it by 0.001."""


@dataclass(slots=True)
class Importer:
    """Takes vectors into the index that `exporter` would hand out."""

    exporter: Exporter

    async def missing(self, theirs: Fingerprint, keys: Sequence[str]) -> list[str]:
        """Those of `keys` without a vector here, in order.

        Raises InvalidInput for vectors of another model, and the embedder's and the store's errors.
        """
        await self._check(theirs)
        known = await self.exporter.searcher.store.cache.get(keys)
        return [key for key in keys if key not in known]

    async def take(self, theirs: Fingerprint, vectors: Mapping[str, Vector]) -> None:
        """Keep these vectors; raises as `missing` does, and InvalidInput for numbers that are no vector."""
        await self._check(theirs)
        if not all(map(_is_vector, vectors.values())):
            raise InvalidInput("data: a vector must have the length 1.", param="data")
        await self.exporter.searcher.store.cache.put(vectors)

    async def _check(self, theirs: Fingerprint) -> None:
        if difference := (await self.exporter.fingerprint()).difference(theirs):
            raise InvalidInput(
                f"The vectors are of another model: embedding-server {difference}. Start it with that model "
                "(EMBEDDING_MODEL), then restart rag-server; or do not import, and this server computes its "
                "own vectors.",
                param="model",
                code="other_model",
            )


def _is_vector(vector: Vector) -> bool:
    length = math.hypot(*vector)
    return length == 0 or abs(length - 1) < TOLERANCE
