"""The formats of OpenAI's embeddings and of token counts; `/embed` is in servicekit.wire.embeddings."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from code_rag.servicekit.wire.constraints import WholeNumber
from code_rag.servicekit.wire.embeddings import MAX_TEXTS, InputType, VisibleText


def _as_texts(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    if any(type(item) in (int, list) for item in items):
        raise ValueError("token ids are not accepted, because they belong to another model: send text")
    return items


Texts = Annotated[list[VisibleText], Field(min_length=1, max_length=MAX_TEXTS)]


class OpenAIRequest(BaseModel):
    """OpenAI's embeddings request; a single string is a list of one."""

    model_config = ConfigDict(strict=True)

    input: Annotated[Texts, BeforeValidator(_as_texts, json_schema_input_type=VisibleText | Texts)]
    model: str | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: WholeNumber | None = None
    input_type: InputType | None = None


class OpenAIEmbedding(BaseModel):
    """One vector: numbers, or base64 of little-endian float32."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class OpenAIUsage(BaseModel):
    """Tokens that were read."""

    prompt_tokens: int
    total_tokens: int


class OpenAIAnswer(BaseModel):
    """OpenAI's embeddings answer; `truncated` is our addition, the indices of truncated texts."""

    object: Literal["list"] = "list"
    data: list[OpenAIEmbedding]
    model: str
    usage: OpenAIUsage
    truncated: list[int]


class TokenizedText(BaseModel):
    """One text's tokens: `count` is the whole text's, `ids` are those that are read."""

    count: int
    truncated: bool
    ids: list[int]


class TokenizedTexts(BaseModel):
    """The token counts of whole texts, and which of them would be truncated."""

    counts: list[int]
    truncated: list[bool]
