"""An index together with the model that made its vectors."""

from dataclasses import dataclass

from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import Embedder, VectorStore


@dataclass(frozen=True, slots=True)
class Space:
    """A store, and the embedder whose vectors are in it: whoever uses both takes them from one space."""

    store: VectorStore
    embedder: Embedder
    gap: str = ""
    """Why it is searched by words only, in words; empty where its vectors are searched too."""
    made_as: EmbeddingModel | None = None
    """What the index is named by, where an earlier version made it, which kept no fingerprint."""

    @property
    def name(self) -> EmbeddingModel:
        """The model that the index is named by."""
        return self.made_as or self.embedder.model


def being_made(space: Space, answering: str) -> str:
    """That the vectors of a space are not complete, and what answers meanwhile."""
    made = f"vectors of {space.embedder.model.name} are still being made (`coderag status` says how many)"
    return f"{made}; until then {answering} answer"


def move_between(searched: Space, kept: Space) -> str:
    """How searches go on until the space that index runs keep is filled; empty where they use that one."""
    if searched is kept:
        return ""
    return searched.gap or being_made(kept, f"those of {searched.embedder.model.name}")
