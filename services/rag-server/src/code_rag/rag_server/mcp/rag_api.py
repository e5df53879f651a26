"""rag-server's HTTP API as the tools call it: over the network, or in the same process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ValidationError

from code_rag.rag_server.wire import FileResponse
from code_rag.servicekit.wire.errors import ErrorEnvelope

Shape = TypeVar("Shape", bound=BaseModel)


class ToolFailed(Exception):
    """A tool has no result; the message says what happened and what to do, for a model to read."""


@dataclass(frozen=True, slots=True)
class RagApi:
    """Calls a rag-server; its URL is that of `http`."""

    http: httpx2.AsyncClient
    codebase: str = ""
    """The codebase that is meant where a call names none; empty for all of them."""

    async def get(self, path: str, shape: type[Shape], /, **query: str | int) -> Shape:
        """GET `path`; raises ToolFailed."""
        return await self._send("GET", path, shape, params=self._given(query))

    async def post(self, path: str, body: Mapping[str, Any], shape: type[Shape]) -> Shape:
        """POST `body` as JSON without its empty fields; raises ToolFailed."""
        return await self._send("POST", path, shape, json=self._given(body))

    async def file(self, path: str) -> FileResponse:
        """The file at `path` as it is now; raises ToolFailed for one that is not there or not indexed."""
        if ".." in path.split("/"):  # a URL would lose them
            raise ToolFailed("path: must stay inside the codebase.")
        return await self.get(f"/files/{quote(path)}", FileResponse)

    def _given(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that are not empty, with the default for a codebase that is."""
        default = {"codebase": self.codebase} if "codebase" in fields and not fields["codebase"] else {}
        return {name: value for name, value in (dict(fields) | default).items() if value != ""}

    async def _send(self, method: str, path: str, shape: type[Shape], **content: Any) -> Shape:
        try:
            response = await self.http.request(method, path, **content)
        except httpx2.ConnectError as error:
            raise ToolFailed(
                f"No rag-server can be reached at {self.http.base_url}. Only the user can start it: say so, "
                "work without this tool, and call it again later."
            ) from error
        except httpx2.TimeoutException as error:
            raise ToolFailed("The rag-server did not answer in time. Call the tool again later.") from error
        except httpx2.RequestError as error:
            raise ToolFailed("The connection to the rag-server broke. Call the tool again.") from error
        if not response.is_success:
            raise ToolFailed(_message(response))
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            raise ToolFailed(
                f"{self.http.base_url} sent an unexpected answer; the user should check that it is a "
                "rag-server of this version."
            ) from error


def _message(response: httpx2.Response) -> str:
    try:
        said = ErrorEnvelope.model_validate_json(response.content).error.message
    except ValidationError:
        said = f"The server answered {response.status_code}; the user should check that it is a rag-server."
    if response.status_code == 401:
        said += " The user sets API_KEY in the environment of this MCP server."
    return said
