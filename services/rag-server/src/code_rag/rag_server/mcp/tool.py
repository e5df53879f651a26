"""What every tool has, and how its schemas are written."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from code_rag.rag_server.mcp.rag_api import RagApi


class Arguments(BaseModel):
    """What a tool is called with; an argument that it does not know is an error that names it."""

    model_config = ConfigDict(extra="forbid")


class Result(BaseModel):
    """What a tool returns: structured, and as the text that a model reads."""

    @abstractmethod
    def text(self) -> str:
        """All of it as text, code marked as quoted from files."""


class Report(Protocol):
    """Says how far a call is; nothing happens where the caller did not ask for progress."""

    async def __call__(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """`progress` grows from call to call; `total` is where it ends, if that is known."""


A = TypeVar("A", bound=Arguments)
R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True)
class Tool(Generic[A, R]):
    """A tool; the description says to a model when to choose it."""

    name: str
    title: str
    description: str
    arguments: type[A]
    result: type[R]
    run: Callable[[RagApi, A, Report], Awaitable[R]]
    """Raises ToolFailed, and ValidationError for arguments that do not fit."""

    async def call(self, api: RagApi, given: dict[str, Any], report: Report) -> R:
        """Check the arguments and run the tool; raises what `run` does."""
        return await self.run(api, self.arguments.model_validate(given), report)

    def schemas(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The JSON schemas of arguments and result, without titles: a model reads them with every request."""
        return (
            _untitled(self.arguments.model_json_schema()),
            _untitled(self.result.model_json_schema(mode="serialization")),
        )


def _untitled(schema: Any) -> Any:
    """A schema without the titles that repeat names; a property may be called `title`."""
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _untitled(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
