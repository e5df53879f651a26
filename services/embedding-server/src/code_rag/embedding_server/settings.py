"""The settings of embedding-server, read from the environment."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from code_rag.embedding_server.engines import AUTO, ENGINES, FOR_ANY_MODEL, OUTSIDE
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.servicekit.model_sources import HubSettings
from code_rag.servicekit.settings import Url

_CHOICES = ", ".join(
    f"`{name}` where that extra is installed" if spec.extra else f"`{name}`" for name, spec in ENGINES.items()
)


class Settings(HubSettings):
    """embedding-server's variables; the model comes from MODEL_DIR, the cache, the hub or PyPI."""

    port: int = Field(8001, ge=0, le=65535, description="Port to listen on.")
    embedding_engine: str = Field(
        AUTO,
        description=f"`{AUTO}`: the fastest that suits this machine, which `/health` names; or {_CHOICES}, "
        f"or `{OUTSIDE}` for a server that speaks OpenAI's API.",
    )
    embedding_model: str = Field(
        MINILM.name,
        min_length=1,
        description=f"Model that embeds; engines other than {FOR_ANY_MODEL} serve only the default.",
    )
    embedding_base_url: Url | None = Field(
        None,
        description=f"Server that embeds with EMBEDDING_ENGINE={OUTSIDE}, such as http://localhost:11434/v1; "
        "docs/embedding-models.md.",
    )
    embedding_api_key: SecretStr | None = Field(None, description="Key for EMBEDDING_BASE_URL.")
    embedding_max_tokens: int | None = Field(
        None,
        ge=16,
        description="Tokens that the model at EMBEDDING_BASE_URL reads of a text; empty: what the server "
        "lists, else 512.",
    )
    embedding_query_input_type: str = Field(
        "",
        description="`input_type` that EMBEDDING_BASE_URL gets with a question, as `query`; empty: none.",
    )
    embedding_document_input_type: str = Field(
        "", description="The same with what is searched in, such as `document` or `passage`."
    )
    embedding_query_prefix: str = Field(
        "",
        description="Text written before each question, such as `query: `; empty: as the model's files say.",
    )
    embedding_document_prefix: str = Field(
        "", description="The same before what is searched in, such as `passage: `."
    )
    model_dir: Path | None = Field(None, description="Folder that already holds the model's files.")
    model_cache_dir: Path = Field(
        Path(".data/models"),
        description="Folder in which a fetched model is stored; containers use /app/cache.",
    )
    max_queued_seconds: float = Field(
        60, gt=0, description="Seconds of work that may wait for the engine before callers get a 429."
    )
    embedding_cache_mb: int = Field(
        8, ge=0, description="Memory for the vectors of the last texts, in megabytes; 0 keeps none."
    )

    @field_validator("embedding_model")
    @classmethod
    def _full_name(cls, name: str, info: ValidationInfo) -> str:
        here = info.data.get("embedding_engine") != OUTSIDE  # other servers have names of their own
        return MINILM.name if here and name == MINILM.short_name else name

    @field_validator("embedding_engine")
    @classmethod
    def _known_engine(cls, name: str) -> str:
        if name not in (AUTO, *ENGINES, OUTSIDE):
            raise ValueError(f"is one of {', '.join((AUTO, *ENGINES, OUTSIDE))}")
        return name

    @model_validator(mode="after")
    def _engine_knows_model(self) -> Self:
        if self.embedding_engine == OUTSIDE and not self.embedding_base_url:
            raise ValueError(f"EMBEDDING_ENGINE={OUTSIDE} needs EMBEDDING_BASE_URL, the server's address")
        spec = ENGINES.get(self.embedding_engine)
        if spec and not spec.serves(self.embedding_model):
            raise ValueError(
                f"EMBEDDING_ENGINE={self.embedding_engine} serves only {', '.join(spec.models or ())}, not "
                f"the model in EMBEDDING_MODEL: for that one set EMBEDDING_ENGINE={FOR_ANY_MODEL}"
            )
        return self
