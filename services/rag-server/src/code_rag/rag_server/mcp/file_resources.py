"""The indexed files as resources: listed in pages, read as they are now."""

from urllib.parse import quote, unquote

import mcp_types as types
from mcp.shared.exceptions import MCPError

from code_rag.rag_server.mcp.rag_api import RagApi, ToolFailed
from code_rag.rag_server.wire import FileList

ROOT = "code:///"
TEMPLATE = types.ResourceTemplate(
    name="file",
    title="A file of the codebase",
    uri_template=f"{ROOT}{{+path}}",
    description="An indexed file as it is now, its secrets redacted; the path is as results show it.",
    mime_type="text/plain",
)


async def page_of_files(api: RagApi, cursor: str) -> types.ListResourcesResult:
    """The files after the cursor, which is the path of the last that was listed; raises MCPError."""
    try:
        listed = await api.get("/files", FileList, after=cursor, codebase="")
    except ToolFailed as failure:
        raise MCPError(types.INTERNAL_ERROR, str(failure)) from failure
    files = [
        types.Resource(name=path, uri=f"{ROOT}{quote(path)}", mime_type="text/plain") for path in listed.paths
    ]
    return types.ListResourcesResult(resources=files, next_cursor=listed.next or None)


async def read_file(api: RagApi, uri: str) -> types.ReadResourceResult:
    """The text of a file; raises MCPError for one that is not there."""
    path = unquote(uri.removeprefix(ROOT))
    if not uri.startswith(ROOT) or not path:
        raise MCPError(types.INVALID_PARAMS, f"The URI must be {ROOT} and a path.", {"uri": uri})
    try:
        file = await api.file(path)
    except ToolFailed as failure:
        raise MCPError(types.INVALID_PARAMS, str(failure), {"uri": uri}) from failure
    text = types.TextResourceContents(uri=uri, mime_type="text/plain", text=file.text)
    return types.ReadResourceResult(contents=[text])
