"""What a chat client asks for: each parameter of OpenAI's API is honoured, refused, or of no effect here."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from code_rag.rag_server.answer import Sampling
from code_rag.rag_server.routes.chat.messages import MESSAGE, QUESTION
from code_rag.servicekit.errors import InvalidInput
from code_rag.servicekit.wire.chat import ChatRequest
from code_rag.servicekit.wire.constraints import WHOLE, WholeNumber


def _as_stops(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _describe(schema: dict[str, Any]) -> None:
    messages = schema["properties"]["messages"]
    messages |= {"items": {"allOf": [messages["items"], MESSAGE]}, "contains": QUESTION}


Amount = Annotated[int, Field(ge=1), WHOLE]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Stops = Annotated[
    tuple[str, ...],
    Field(max_length=4),
    BeforeValidator(_as_stops, json_schema_input_type=str | Annotated[list[str], Field(max_length=4)]),
]
Choice = Annotated[str | dict[str, Any] | None, Field(json_schema_extra={"enum": ["auto", "none", None]})]
Prose = Annotated[dict[str, Any], Field(json_schema_extra={"properties": {"type": {"const": "text"}}})]
Nothing = Annotated[Any, Field(json_schema_extra={"enum": [None, False, 0, "", [], {}]})]

_REFUSED = {
    "logprobs": "the probabilities of tokens are not known",
    "top_logprobs": "the probabilities of tokens are not known",
    "logit_bias": "tokens cannot be weighed",
    "audio": "answers are text",
    "prediction": "an answer cannot be predicted",
    "web_search_options": "only the indexed code is searched",
}


class CodeRagRequest(ChatRequest):
    """A chat request to rag-server.

    Parameters that OpenAI's API does not have, and those that concern its accounts, have no effect.
    """

    model_config = ConfigDict(json_schema_extra=_describe)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: WholeNumber | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    stop: Stops | None = None
    max_tokens: Amount | None = None
    max_completion_tokens: Amount | None = None
    n: Annotated[WholeNumber | None, Field(json_schema_extra={"enum": [1, None]})] = None
    tool_choice: Choice = None
    function_call: Choice = None
    modalities: Annotated[list[str] | None, Field(json_schema_extra={"enum": [["text"], [], None]})] = None
    response_format: Prose | None = None
    logprobs: Nothing = None
    top_logprobs: Nothing = None
    logit_bias: Nothing = None
    audio: Nothing = None
    prediction: Nothing = None
    web_search_options: Nothing = None

    @field_validator("n")
    @classmethod
    def _one_answer(cls, n: int | None) -> int | None:
        if n not in (None, 1):
            raise ValueError("there is one answer to a question; leave it out or send 1.")
        return n

    @field_validator("tool_choice", "function_call")
    @classmethod
    def _free_choice(cls, choice: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if choice not in (None, "auto", "none"):
            raise ValueError("tools are never called; leave it out, or send 'auto' or 'none'.")
        return choice

    @field_validator("modalities")
    @classmethod
    def _text_only(cls, modalities: list[str] | None) -> list[str] | None:
        if modalities and modalities != ["text"]:
            raise ValueError("answers are text; leave it out or send ['text'].")
        return modalities

    @field_validator(*_REFUSED)
    @classmethod
    def _refused(cls, value: Any, info: ValidationInfo) -> Any:
        if value:
            raise ValueError(f"is not supported: {_REFUSED[info.field_name or '']}.")
        return value

    def sampling(self) -> Sampling:
        """How the model is to write; an empty stop is none."""
        return Sampling(
            self.temperature,
            self.top_p,
            self.seed,
            self.presence_penalty,
            self.frequency_penalty,
            tuple(filter(None, self.stop or ())) or None,
            self.max_tokens,
            self.max_completion_tokens,
        )

    def require_prose(self) -> None:
        """Raise InvalidInput if the answer to a question is wanted in a form of its own."""
        kind = (self.response_format or {}).get("type", "text")
        if kind != "text":
            message = f"response_format: {kind!r} is not supported: answers are Markdown with citations."
            raise InvalidInput(message, param="response_format")
