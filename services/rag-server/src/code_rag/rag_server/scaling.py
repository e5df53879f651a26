"""Measures once how a model's cosines are spread, so that searches with any model are ranked alike."""

from dataclasses import dataclass, field

from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import Embedder
from code_rag.rag_server.ranking.scale import QUESTIONS, SNIPPETS, Scale

MEASURED = "all-MiniLM-L6-v2"
"""The model whose scale is known: nothing is embedded for it."""


@dataclass(slots=True)
class Scales:
    """The scales of the models that were searched with so far."""

    _known: dict[EmbeddingModel, Scale] = field(default_factory=dict)

    async def of(self, embedder: Embedder) -> Scale:
        """The scale of its model; 16 short texts are embedded the first time. Raises as the embedder does."""
        model = embedder.model
        if model.name.endswith(MEASURED):
            return Scale()
        if model not in self._known:
            questions, snippets = (
                await embedder.embed(QUESTIONS),
                await embedder.embed(SNIPPETS, background=True),
            )
            self._known[model] = Scale.of(questions, snippets) or Scale()
        return self._known[model]
