"""The request and the answers of embedding-server's `/embed`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from code_rag.servicekit.wire.constraints import VISIBLE, exactly_one_of

MAX_TEXTS = 2048


VisibleText = Annotated[str, Field(json_schema_extra=VISIBLE)]
"""Text that embedding-server takes; it checks it itself, so that it can say which one is not."""


class TokenizeRequest(BaseModel):
    """Exactly one of `text` and `texts`; `model`, if given, must be the one served."""

    model_config = ConfigDict(strict=True, json_schema_extra=exactly_one_of(text="string", texts="array"))

    text: str | None = None
    texts: Annotated[list[str], Field(min_length=1, max_length=MAX_TEXTS)] | None = None
    model: str | None = None

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
    """One text's vector; `tokens` counts the tokens read, `truncated` says whether the text was longer."""

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
