"""The envelope in which every service says what went wrong: OpenAI's error body."""

from pydantic import BaseModel


class ErrorDetail(BaseModel):
    """One error: a sentence for people, and for programs its type, its code and the field it is about."""

    message: str
    type: str = ""
    param: str | None = None
    code: str = ""


class ErrorEnvelope(BaseModel):
    """`{"error": {"message", "type", "param", "code"}}`; other servers may leave out all but the message."""

    error: ErrorDetail
