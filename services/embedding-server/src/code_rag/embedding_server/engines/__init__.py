"""The engines that turn texts into vectors: to add one, add a module here and an entry in `ENGINES`.

Settings read the registry, so engines and numpy are imported only when one is loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from code_rag.embedding_server.pinned_model import MINILM

if TYPE_CHECKING:
    from code_rag.embedding_server.engines.base import Engine


class EngineClass(Protocol):
    """Loads a model from a folder, or by name if it is not the pinned one."""

    def __call__(self, model: str, location: str, threads: int) -> "Engine": ...


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine: how to import it, the models it serves (None: any), and the extra that installs it."""

    load: Callable[[], EngineClass]
    models: frozenset[str] | None = None
    extra: str | None = None

    def serves(self, model: str) -> bool:
        """Whether the engine can load `model`."""
        return self.models is None or model in self.models


def _onnx() -> EngineClass:
    from code_rag.embedding_server.engines.onnx import OnnxEngine

    return OnnxEngine


def _sentence_transformers() -> EngineClass:
    from code_rag.embedding_server.engines.sentence_transformers import SentenceTransformersEngine

    return SentenceTransformersEngine


ENGINES: Mapping[str, EngineSpec] = {
    "onnx": EngineSpec(_onnx, models=frozenset({MINILM.name})),
    "sentence-transformers": EngineSpec(_sentence_transformers, extra="sentence-transformers"),
}

FOR_ANY_MODEL = " or ".join(name for name, spec in ENGINES.items() if spec.models is None)
