"""The formats of OpenAI's embeddings and of token counts; `/embed` is in servicekit.wire.embeddings."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from code_rag.servicekit.wire.constraints import WholeNumber
from code_rag.servicekit.wire.embeddings import MAX_TEXTS, InputType, VisibleText

MAX_IDS = 32_768
"""Token ids of one input: more than any model reads."""


Texts = Annotated[list[VisibleText], Field(min_length=1, max_length=MAX_TEXTS)]
TokenIds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=MAX_IDS)]
TokenIdLists = Annotated[list[TokenIds], Field(min_length=1, max_length=MAX_TEXTS)]


def _as_list(value: Any) -> Any:
    """A single input is a list of one; a number that is first is taken for a token id."""
    is_ids = isinstance(value, list) and [type(item) for item in value[:1]] in ([int], [float])
    return [value] if is_ids or isinstance(value, str) else value


def _input(value: Any) -> str | list[int]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValueError("send a string, or a list of token ids")
    if not 1 <= len(value) <= MAX_IDS:
        raise ValueError(f"send between 1 and {MAX_IDS:,} token ids")
    ids = [int(item) if isinstance(item, float) and item.is_integer() else item for item in value]
    if any(type(id) is not int or id < 0 for id in ids):
        raise ValueError("a token id is a whole number from 0 on")
    return ids


def _of_one_kind(inputs: list[str | list[int]]) -> list[str | list[int]]:
    if len({type(each) for each in inputs}) > 1:
        raise ValueError("send either strings or lists of token ids, not both")
    return inputs


Inputs = Annotated[
    list[Annotated[str | list[int], PlainValidator(_input)]],
    Field(min_length=1, max_length=MAX_TEXTS),
    AfterValidator(_of_one_kind),
    BeforeValidator(_as_list, json_schema_input_type=VisibleText | Texts | TokenIds | TokenIdLists),
]


class OpenAIRequest(BaseModel):
    """OpenAI's embeddings request; a single input, a string or a list of token ids, is a list of one."""

    model_config = ConfigDict(strict=True)

    input: Inputs
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
    """OpenAI's embeddings answer, with the tokens read of each text, and the indices of truncated texts."""

    object: Literal["list"] = "list"
    data: list[OpenAIEmbedding]
    model: str
    usage: OpenAIUsage
    tokens: list[int]
    truncated: list[int]


class TokenizedText(BaseModel):
    """One text's tokens: `count` is the whole text's, `ids` are those that are read.

    Where another server tokenizes, the count is `estimated` and there are no ids.
    """

    count: int
    truncated: bool
    ids: list[int] | None
    estimated: bool


class TokenizedTexts(BaseModel):
    """The token counts of whole texts, and which of them would be truncated."""

    counts: list[int]
    truncated: list[bool]
    estimated: bool
