"""Response models of `GET /index/secrets`; the CLI reads the same ones."""

from pydantic import BaseModel


class RedactedSecret(BaseModel):
    """A place where a secret was replaced by its kind."""

    path: str
    line: int
    kind: str


class SecretsResponse(BaseModel):
    """All places by path and line; `redacted` is false where REDACT_SECRETS is off: nothing is replaced."""

    redacted: bool
    secrets: list[RedactedSecret]
