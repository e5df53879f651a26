"""The error body of every service, in OpenAI's format."""

from typing import ClassVar

from pydantic import BaseModel


class ErrorDetail(BaseModel):
    """One error: a message for people; for programs its type, its code and the field at fault."""

    message: str
    type: str = ""
    param: str | None = None
    code: str = ""


class ErrorEnvelope(BaseModel):
    """`{"error": {"message", "type", "param", "code"}}`; other servers may send only the message."""

    error: ErrorDetail


class ErrorEvent(ErrorEnvelope):
    """The last event of a stream that failed."""

    NAME: ClassVar[str] = "error"
