"""The settings of llm-server, read from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr

from code_rag.servicekit.settings import ServiceSettings, Url


class Settings(ServiceSettings):
    """llm-server's variables; with neither a key nor a base URL it answers with quotes of the code."""

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
