"""What embedding-server takes at `/embed`, what it answers, and how it says which model made a vector."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from code_rag.servicekit.wire.constraints import VISIBLE, exactly_one_of

MAX_TEXTS = 2048
FINGERPRINT_HEADER = "x-embedding-fingerprint"
"""The header in which each answer names its model's fingerprint; a request with another one is refused."""
EMBEDDING_MODEL_CHANGED = "embedding_model_changed"
"""The error's code of such a request, a 409."""

InputType = Literal["query", "document"]
"""What a text is: many models read a question in another way than what it is searched in."""

VisibleText = Annotated[str, Field(json_schema_extra=VISIBLE)]
"""Text that embedding-server takes; it checks it itself, so that it can say which one is not."""


class TokenizeRequest(BaseModel):
    """Exactly one of `text` and `texts`; `model`, if given, must be the one served.

    Without an `input_type` a text is a document.
    """

    model_config = ConfigDict(strict=True, json_schema_extra=exactly_one_of(text="string", texts="array"))

    text: str | None = None
    texts: Annotated[list[str], Field(min_length=1, max_length=MAX_TEXTS)] | None = None
    model: str | None = None
    input_type: InputType | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.text is None) == (self.texts is None):
            raise ValueError("send either 'text' or 'texts'")
        return self


class EmbedRequest(TokenizeRequest):
    """The same, where each text has to have a visible character."""

    text: VisibleText | None = None
    texts: Annotated[list[VisibleText], Field(min_length=1, max_length=MAX_TEXTS)] | None = None


class EmbeddedText(BaseModel):
    """One text's vector; `tokens` counts the tokens read, `truncated` says whether the text was longer.

    Where another server embeds, which counts the tokens of several texts together, this is a likely share.
    """

    embedding: list[float]
    dimension: int
    model: str
    tokens: int
    truncated: bool


class EmbeddedTexts(BaseModel):
    """The vectors of several texts, in the order they were sent."""

    embeddings: list[list[float]]
    dimension: int
    model: str
    tokens: list[int]
    truncated: list[bool]


class EmbeddingModelEntry(BaseModel):
    """The model as `/v1/models` lists it; its last four fields are null until it is loaded.

    Vectors may be compared where their models have one `fingerprint`, 16 hex digits. `max_tokens` is how much
    of a text is read, `engine` what computes.
    """

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "embedding-server"
    dimension: int | None = None
    max_tokens: int | None = None
    fingerprint: str | None = None
    engine: str | None = None


class EmbeddingModelList(BaseModel):
    """OpenAI's list of models, with the one that embeds."""

    object: Literal["list"] = "list"
    data: list[EmbeddingModelEntry]
