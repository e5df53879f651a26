"""The arguments that several tools have."""

from typing import Any

from pydantic import Field

from code_rag.rag_server.mcp.tool import Arguments

MOST_TOKENS = 50_000


def token_budget(default: int) -> Any:
    """The argument that sizes a result."""
    return Field(default, ge=100, le=MOST_TOKENS, description="About how many tokens the result may have.")


class Scoped(Arguments):
    """Arguments of a tool that looks at a part of the code."""

    path: str = Field("", max_length=4096, description="Only this folder or file, as results show it.")
    language: str = Field("", max_length=64, description="Only this language, such as python.")
    codebase: str = Field("", max_length=255, description="Only this codebase, where there are several.")

    def within(self) -> dict[str, Any]:
        """The filters as the HTTP API takes them."""
        return {"path": self.path, "language": self.language, "codebase": self.codebase}
