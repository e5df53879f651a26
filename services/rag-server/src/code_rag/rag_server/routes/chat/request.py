"""What a chat client asks for: each parameter of OpenAI's API is honoured, refused, or of no effect here."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from code_rag.rag_server.answer import Sampling
from code_rag.servicekit.errors import InvalidInput
from code_rag.servicekit.wire.chat import ChatRequest

Amount = Annotated[int, Field(ge=1)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Stops = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(max_length=4),
]

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

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: int | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    stop: Stops | None = None
    max_tokens: Amount | None = None
    max_completion_tokens: Amount | None = None
    n: int | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    modalities: list[str] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: Any = None
    top_logprobs: Any = None
    logit_bias: Any = None
    audio: Any = None
    prediction: Any = None
    web_search_options: Any = None

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
