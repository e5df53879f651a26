"""`GET /index/secrets`: where secrets were redacted, by place and kind; nothing here knows a value."""

from fastapi import APIRouter

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.indexers import Indexers
from code_rag.rag_server.routes.inputs import path_in
from code_rag.rag_server.secrets_wire import RedactedSecret, SecretsResponse
from code_rag.rag_server.wire import CodebaseName
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors


def secrets_router(codebases: Codebases, indexers: Indexers, *, redacted: bool) -> APIRouter:
    """The endpoint over what `indexers` have read; `redacted` is false where REDACT_SECRETS is off."""
    router = APIRouter(tags=["index"])

    @router.get("/index/secrets", responses=errors(NotFound))
    async def list_secrets(codebase: CodebaseName | None = None) -> SecretsResponse:
        """Where secrets were redacted in what has been read since the start, by place and kind.

        No answer holds a value.
        """
        places = indexers.secrets(path_in(codebases, "", codebase))
        found = [
            RedactedSecret(path=path, line=secret.line, kind=secret.kind)
            for path, secrets in sorted(places.items())
            for secret in secrets
        ]
        return SecretsResponse(redacted=redacted, secrets=found)

    return router
