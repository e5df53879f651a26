"""What rag-server reads from the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from code_rag.rag_server.codebase.skipping import MAX_WANTED_BYTES
from code_rag.rag_server.model import VectorKind
from code_rag.servicekit.settings import ServiceSettings, Url
from code_rag.servicekit.wire.deadline import LONGEST


def _split(value: object) -> object:
    """The folders of a string in the form of PATH, or of one path."""
    return (
        [part for part in os.fspath(value).split(os.pathsep) if part]
        if isinstance(value, str | Path)
        else value
    )


def _checked(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """`folders`, of which one must be there: what is missing beside it may be mounted later."""
    names = ", ".join(map(str, folders))
    if not any(folder.is_dir() for folder in folders):
        raise ValueError(f"there is no such folder: {names}")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ValueError(f"a folder is named twice: {names}")
    return folders


Folders = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split), AfterValidator(_checked)]
"""Folders in one string, separated as in PATH; at least one exists."""


class Settings(ServiceSettings):
    """The codebase, the location of its index, and the other services."""

    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    codebase_path: Folders = Field(
        (Path("test-codebase"),),
        validate_default=True,
        description="Folder of the codebase or of repositories, or several, separated by `:`; only read.",
    )
    index_on_start: bool = Field(True, description="Index the codebase as soon as the service starts.")
    embed_text: Literal["whole", "headers"] = Field(
        "whole",
        description="Text of each chunk to embed: whole, after all headers; or headers only, for very large "
        "codebases: a third of the time.",
    )
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
    redact_secrets: bool = Field(
        True,
        description="Replace secrets in the code and in questions by their kind; `off` stores, shows and "
        "sends them.",
    )
    watch: bool = Field(True, description="Keep the index what the codebase is, without a command.")
    keep_answers: int = Field(
        200,
        ge=0,
        description="How many answers of a language model are kept for the same question about the same "
        "code; 0: none.",
    )
    search_help_seconds: float = Field(
        15.0,
        ge=0,
        le=LONGEST,
        description="Longest wait for a language model to word a question for search: to put it into English "
        "where EMBEDDING_MODEL reads nothing else, or to complete a follow-up; 0: none is asked.",
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
    public_url: Url | None = Field(
        None,
        description="Where browsers find the page, for links in chats; empty: at the address of the request.",
    )

    answer_timeout_seconds: float = Field(
        300.0,
        gt=0,
        le=LONGEST,
        description="Longest wait for a written answer to start, or to continue; llm-server waits as long.",
    )
    context_tokens: int | None = Field(
        None,
        ge=1_024,
        description="Tokens that the language model reads and writes; empty: by its server, or its name.",
    )

    @field_validator("legacy_encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode(name or "utf-8")
        except LookupError:
            raise ValueError("Python knows no such encoding") from None
        return name

    @property
    def hosts(self) -> tuple[str, ...]:
        """Browsers find the page at PUBLIC_URL, so that is a name of this service, too."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        return (*self.allowed_hosts, *([public] if public else []))

    @property
    def last_vector(self) -> VectorKind:
        """The kind of vector with which a chunk is done."""
        return "header" if self.embed_text == "headers" else "whole"
