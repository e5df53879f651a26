"""What distinguishes an embedding model: its name, its dimension, and the vector it gives a known text."""

from dataclasses import dataclass
from operator import mul

from code_rag.rag_server.model import EmbeddingModel, Vector
from code_rag.rag_server.vectors import as_kept

PROBE = "def area(width: float, height: float) -> float:\n    return width * height"
"""The text that is embedded to recognise a model; an exported file depends on it, so it stays as it is."""

SAME = 0.995
"""Cosine from which two vectors of the probe are one model's: its engines differ by less than 0.001."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A model as it is recognised, whatever revision its name stands for."""

    model: EmbeddingModel
    probe: Vector

    def difference(self, other: "Fingerprint") -> str:
        """Why `other` is another model, as the end of a sentence; empty if it is the same."""
        if self.model != other.model:
            return f"serves {_named(self.model)}, not {_named(other.model)}"
        # Written so that what is no number is not the same.
        if not sum(map(mul, self.probe, other.probe)) >= SAME:
            return f"serves another revision of {self.model.name}: it gives the same text another vector"
        return ""


def fingerprint(model: EmbeddingModel, vector: Vector) -> Fingerprint:
    """The fingerprint of a model that gave `PROBE` this vector."""
    return Fingerprint(model, as_kept(vector))


def _named(model: EmbeddingModel) -> str:
    return f"{model.name} ({model.dimension} numbers)"
