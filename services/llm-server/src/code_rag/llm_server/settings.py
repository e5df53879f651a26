"""The settings of llm-server, read from the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from code_rag.llm_server.backends.faults import Kind
from code_rag.servicekit.model_sources import HubSettings
from code_rag.servicekit.settings import Url

KINDS: tuple[Kind, ...] = get_args(Kind)


def _split(value: object) -> object:
    """The names of a list with commas, `all` for each there is."""
    if not isinstance(value, str):
        return value
    return KINDS if value.strip() == "all" else [name for name in value.replace(" ", "").split(",") if name]


class Settings(HubSettings):
    """llm-server's variables; without a key, a URL or a local model it answers with quotes of the code."""

    port: int = Field(8002, ge=0, le=65535, description="Port to listen on.")
    max_body_bytes: int = Field(
        32 * 1024 * 1024, gt=0, description="Largest request body accepted, in bytes: room for images."
    )
    model_name: str = Field(
        "gpt-4o-mini", min_length=1, description="Model that answers when a request names none."
    )
    openai_api_key: SecretStr | None = Field(None, description="Key for OpenAI or for OPENAI_BASE_URL.")
    openai_base_url: Url | None = Field(
        None,
        description="OpenAI-compatible server to use instead of OpenAI, such as http://localhost:11434/v1.",
    )
    llm_models: Path | None = Field(
        None,
        description="TOML file with names for models at any number of servers, their prices and fallbacks; "
        "docs/models.md.",
    )
    upstream_connect_seconds: float = Field(
        5.0, gt=0, description="Longest wait for a connection to the upstream."
    )
    upstream_first_token_seconds: float = Field(
        300.0,
        gt=0,
        description="Longest wait for a stream's first token, retries included; a caller that names its own, "
        "as rag-server does, is waited for instead.",
    )
    upstream_pause_seconds: float = Field(
        60.0,
        gt=0,
        description="Longest pause within a stream, unless the caller names its own.",
    )
    upstream_answer_seconds: float = Field(
        900.0, gt=0, description="Longest time for an answer as a whole, in a stream or not."
    )
    upstream_max_retries: int = Field(
        2, ge=0, le=5, description="How often a request that failed before its answer started is retried."
    )
    llm_faults: Annotated[tuple[Kind, ...], NoDecode, BeforeValidator(_split)] = Field(
        (),
        description="Which faults of a model server `POST /faults` may provoke, with ENVIRONMENT=development "
        f"only: `all`, or some of {', '.join(KINDS)}; empty: none.",
    )
    llm_backend: Literal["auto", "local"] = Field(
        "auto",
        description="`local` answers with a model on this machine, and no other; `auto` with those that "
        "LLM_MODELS, OPENAI_BASE_URL or OPENAI_API_KEY name.",
    )
    local_model: str = Field(
        "1.5b",
        min_length=1,
        description="`1.5b` (1.1 GB) or `0.5b` (0.5 GB), both Qwen2.5-Coder, or the path of any .gguf file.",
    )
    local_model_dir: Path | None = Field(
        None, description="Folder that already holds the local model's file; it is looked at first."
    )
    local_model_cache_dir: Path | None = Field(
        None,
        description="Folder in which the fetched local model is stored; empty: `code-rag/models` in "
        "XDG_CACHE_HOME or `~/.cache`.",
    )
    local_context_tokens: int = Field(
        4096, ge=512, description="Tokens that the local model reads and writes in one request."
    )
    local_threads: int | None = Field(
        None, ge=1, description="Threads of the local model; empty: as many as this process may use CPUs."
    )
    local_queue: int = Field(
        4, ge=0, description="Requests that may wait for the local model before callers get a 429."
    )

    @property
    def model_cache(self) -> Path:
        """The folder in which the fetched local model is stored."""
        if self.local_model_cache_dir:
            return self.local_model_cache_dir
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "code-rag" / "models"

    @field_validator("llm_faults")
    @classmethod
    def _in_development(cls, kinds: tuple[Kind, ...], info: ValidationInfo) -> tuple[Kind, ...]:
        environment = info.data.get("environment")
        if kinds and environment != "development":
            raise ValueError(
                f"answers fail on purpose with ENVIRONMENT=development only, not {environment}: unset it"
            )
        return kinds
