"""What rag-server reads from the environment."""

from pathlib import Path

from pydantic import DirectoryPath, Field, SecretStr, field_validator

from code_rag.rag_server.codebase.skipping import MAX_WANTED_BYTES
from code_rag.servicekit.settings import ServiceSettings, Url


class Settings(ServiceSettings):
    """The codebase, the location of its index, and the other services."""

    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    codebase_path: DirectoryPath = Field(
        Path("test-codebase"),
        validate_default=True,
        description="Folder of the codebase; it is only ever read.",
    )
    index_on_start: bool = Field(True, description="Index the codebase as soon as the service starts.")
    index_nested_repositories: bool = Field(
        False,
        description="Index submodules, linked work trees and clones inside the codebase, too.",
    )
    max_file_bytes: int = Field(
        1_000_000,
        ge=1_000,
        le=MAX_WANTED_BYTES,
        description="Larger files are left out; `.ragignore` may ask for single ones.",
    )
    legacy_encoding: str = Field(
        "",
        description="Encoding of files that are neither UTF-8 nor UTF-16, such as cp949; empty: recognised.",
    )
    vector_db_url: Url | None = Field(
        None, description="Qdrant to keep the index in; empty: an embedded store in DATA_DIR."
    )
    vector_db_api_key: SecretStr | None = Field(None, description="API key of that Qdrant; empty: none.")
    data_dir: Path = Field(
        Path(".data/index"), description="Folder of the embedded store; one service per folder."
    )
    collection: str = Field(
        "code", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Name of the collection in the vector store."
    )
    embedding_server_url: Url = Field("http://127.0.0.1:8001", description="Where embedding-server answers.")
    llm_server_url: Url = Field("http://127.0.0.1:8002", description="Where llm-server answers.")

    @field_validator("legacy_encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode(name or "utf-8")
        except LookupError:
            raise ValueError("Python knows no such encoding") from None
        return name
