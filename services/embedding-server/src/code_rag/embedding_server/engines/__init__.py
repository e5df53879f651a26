"""The engines that turn texts into vectors: to add one, add a module here and an entry in `ENGINES`.

Settings read the registry, so engines and numpy are imported only when one is loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from code_rag.embedding_server.engines.processor import bfloat16, has_nvidia_gpu
from code_rag.embedding_server.pinned_model import MINILM

if TYPE_CHECKING:
    from code_rag.embedding_server.engines.base import Engine

AUTO = "auto"


class EngineUnusable(Exception):
    """The engine is installed but cannot compute on this machine; the message says why."""


class EngineClass(Protocol):
    """Loads a model from a folder, or by name if it is not the pinned one; may raise EngineUnusable."""

    def __call__(self, model: str, location: str, threads: int) -> "Engine": ...


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine: how to import it, why it suits this machine ("": it does not), its models and its extra.

    `models` None: any; `extra` is the one that installs it, None: it is always installed.
    """

    load: Callable[[], EngineClass]
    suits: Callable[[], str]
    models: frozenset[str] | None = None
    extra: str | None = None

    def serves(self, model: str) -> bool:
        """Whether the engine can load `model`."""
        return self.models is None or model in self.models


def _cuda() -> EngineClass:
    from code_rag.embedding_server.engines.cuda import CudaEngine

    return CudaEngine


def _openvino() -> EngineClass:
    from code_rag.embedding_server.engines.openvino import OpenVinoEngine

    return OpenVinoEngine


def _onnx() -> EngineClass:
    from code_rag.embedding_server.engines.onnx import OnnxEngine

    return OnnxEngine


def _sentence_transformers() -> EngineClass:
    from code_rag.embedding_server.engines.sentence_transformers import SentenceTransformersEngine

    return SentenceTransformersEngine


def _suits_openvino() -> str:
    flag = bfloat16()
    return f"the CPU multiplies in bfloat16 ({flag})" if flag else ""


_MINILM = frozenset({MINILM.name})
ENGINES: Mapping[str, EngineSpec] = {  # the fastest first
    "cuda": EngineSpec(
        _cuda,
        lambda: "this machine has an NVIDIA GPU" if has_nvidia_gpu() else "",
        extra="sentence-transformers",
    ),
    "openvino": EngineSpec(_openvino, _suits_openvino, models=_MINILM, extra="openvino"),
    "onnx": EngineSpec(_onnx, lambda: "it computes on every CPU", models=_MINILM),
    "sentence-transformers": EngineSpec(
        _sentence_transformers, lambda: "it loads any model", extra="sentence-transformers"
    ),
}

OUTSIDE = "openai"
"""The engine that needs no model here: it asks another server, which the settings name."""

FOR_ANY_MODEL = " or ".join([*(name for name, spec in ENGINES.items() if spec.models is None), OUTSIDE])
