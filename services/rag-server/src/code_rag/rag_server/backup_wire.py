"""Requests and events of `POST /index/export` and `POST /index/import`; the CLI reads the same ones."""

import binascii
import hashlib
from base64 import b64decode, b64encode
from typing import Annotated, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from code_rag.rag_server.exporting import Part
from code_rag.rag_server.importing import Origin
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.vector_table import written
from code_rag.rag_server.wire import CodebaseName
from code_rag.servicekit.wire.constraints import WholeNumber

MAX_DIMENSION = 65_536


def _decoded(value: object) -> object:
    try:
        return b64decode(value, validate=True) if isinstance(value, str) else value
    except binascii.Error:
        raise ValueError("must be base64") from None


Base64 = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(lambda data: b64encode(data).decode(), return_type=str),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""Bytes that JSON carries in base64."""


def sha256(data: bytes) -> str:
    """The hash by which a part is checked, in hex."""
    return hashlib.sha256(data).hexdigest()


class ModelPrint(BaseModel):
    """The model whose vectors they are.

    Earlier versions wrote no `fingerprint`, but a `probe`: the vector it gives a text that all servers know.
    """

    model_config = ConfigDict(strict=True)

    name: str = Field(max_length=1000)
    dimension: WholeNumber = Field(gt=0, le=MAX_DIMENSION)
    fingerprint: str = Field("", max_length=100)
    probe: list[float] = Field([], max_length=MAX_DIMENSION)

    @classmethod
    def of(cls, model: EmbeddingModel) -> Self:
        """Convert from the domain object."""
        return cls(name=model.name, dimension=model.dimension, fingerprint=model.fingerprint)

    def origin(self) -> Origin:
        """The domain object."""
        return Origin(EmbeddingModel(self.name, self.dimension, fingerprint=self.fingerprint), self.probe)

    @model_validator(mode="after")
    def _recognisable(self) -> Self:
        if not self.fingerprint and len(self.probe) != self.dimension:
            raise ValueError("probe: without a fingerprint it must have as many numbers as a vector")
        return self


class Hashed(BaseModel):
    """Rows of keys and vectors as `vector_table` writes them, and the SHA-256 by which they are checked."""

    model_config = ConfigDict(strict=True)

    data: Base64
    sha256: str

    @model_validator(mode="after")
    def _unchanged(self) -> Self:
        if sha256(self.data) != self.sha256:
            raise ValueError("data: does not have the hash that is named; send it again")
        return self


class ExportRequest(BaseModel):
    """Whose vectors to hand out, and the path after which an interrupted export goes on."""

    model_config = ConfigDict(strict=True)

    codebase: CodebaseName | None = None
    after: str = Field("", max_length=8192)


class StartEvent(BaseModel):
    """The first event: what comes, from which model and which codebases."""

    NAME: ClassVar[str] = "start"

    model: ModelPrint
    codebases: list[str]


class PartEvent(Hashed):
    """The vectors of the next files, up to the path `after`."""

    NAME: ClassVar[str] = "part"

    after: str
    files: int
    chunks: int

    @classmethod
    def of(cls, part: Part) -> Self:
        """Convert from the domain object."""
        data = written(part.vectors)
        return cls(data=data, sha256=sha256(data), after=part.after, files=part.files, chunks=part.chunks)


class EndEvent(BaseModel):
    """The last event: nothing follows."""

    NAME: ClassVar[str] = "end"


class MissingRequest(BaseModel):
    """Keys, 16 bytes each, of which those without a vector are asked for."""

    model_config = ConfigDict(strict=True)

    model: ModelPrint
    keys: Base64


class Missing(BaseModel):
    """The keys without a vector, 16 bytes each."""

    keys: Base64


class ImportRequest(Hashed):
    """Vectors to take in."""

    model: ModelPrint


class Imported(BaseModel):
    """How many vectors were taken in."""

    vectors: int
