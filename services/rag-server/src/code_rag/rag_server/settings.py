"""What rag-server reads from the environment."""

from pathlib import Path

from pydantic import DirectoryPath, Field, SecretStr

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
