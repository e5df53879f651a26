"""What embedding-server reads from the environment."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from code_rag.embedding_server.pinned_model import MINILM
from code_rag.servicekit.settings import ServiceSettings, Url

Engine = Literal["onnx", "sentence-transformers"]


class Settings(ServiceSettings):
    """embedding-server's variables; the model comes from MODEL_DIR, the cache, the hub or PyPI."""

    port: int = Field(8001, ge=0, le=65535, description="Port to listen on.")
    embedding_model: str = Field(
        MINILM.name,
        min_length=1,
        description="Model that embeds; engines other than sentence-transformers serve the default alone.",
    )
    embedding_engine: Engine = Field(
        "onnx", description="`onnx`, or `sentence-transformers` where that extra is installed."
    )
    model_dir: Path | None = Field(None, description="Folder that holds the model's files already.")
    model_cache_dir: Path = Field(
        Path(".data/models"), description="Folder that a fetched model is kept in; containers use /app/cache."
    )
    hf_endpoint: Url = Field("https://huggingface.co", description="Hub, or a mirror of it, to fetch from.")
    hf_hub_offline: bool = Field(False, description="`1` leaves the hub out.")
    max_queued_tokens: int = Field(
        1_000_000, gt=0, description="Tokens that may wait for the encoder before callers get a 429."
    )

    @field_validator("embedding_model")
    @classmethod
    def _full_name(cls, name: str) -> str:
        return MINILM.name if name == MINILM.short_name else name

    @model_validator(mode="after")
    def _engine_knows_model(self) -> Self:
        if self.embedding_engine == "onnx" and self.embedding_model != MINILM.name:
            raise ValueError(
                f"EMBEDDING_ENGINE=onnx serves {MINILM.name} alone, not the model in EMBEDDING_MODEL: "
                "for another one set EMBEDDING_ENGINE=sentence-transformers"
            )
        return self
