"""The tool `read_lines`: lines of an indexed file as it is now."""

from pydantic import Field

from code_rag.rag_server.mcp.quoted import AS_DATA, clipped, fitting, shown
from code_rag.rag_server.mcp.rag_api import RagApi, ToolFailed
from code_rag.rag_server.mcp.scope import token_budget
from code_rag.rag_server.mcp.tool import Arguments, Report, Result, Tool

LAST = 2**31 - 1


class LinesArguments(Arguments):
    """Which lines to read."""

    path: str = Field(min_length=1, max_length=4096, description="The file, as results show it.")
    start_line: int = Field(1, ge=1, le=LAST)
    end_line: int = Field(
        LAST, ge=1, le=LAST, description="The last line; else as many as the budget allows."
    )
    budget: int = token_budget(3000)


class LinesResult(Result):
    """Consecutive lines of a file."""

    path: str
    language: str
    start_line: int
    end_line: int
    total_lines: int
    next_line: int | None = Field(description="Where to read on; null where all that was asked for is here.")
    code: str

    def text(self) -> str:
        """Each line with its number."""
        lines = (f"{number}| {line}" for number, line in enumerate(self.code.split("\n"), self.start_line))
        head = f"{self.path}:{self.start_line}-{self.end_line} of {self.total_lines} lines. {AS_DATA}"
        more = [f"Read on with start_line={self.next_line}."] if self.next_line else []
        return "\n".join([head, *lines, *more])


async def read_lines(api: RagApi, arguments: LinesArguments, report: Report) -> LinesResult:
    """The lines that fit into the budget, at least one; raises ToolFailed where there are none."""
    file = await api.file(arguments.path)
    first, last = arguments.start_line, min(arguments.end_line, file.lines)
    if first > last:
        raise ToolFailed(
            f"start_line: {file.path} has {file.lines} lines, and {first} to {last} are none of them."
        )
    wanted = shown(file.text.split("\n")[first - 1 : last])
    count = max(1, fitting(wanted, arguments.budget, lambda line: f"{last}| {line}"))
    end = first + count - 1
    return LinesResult(
        path=file.path,
        language=file.language,
        start_line=first,
        end_line=end,
        total_lines=file.lines,
        next_line=end + 1 if end < last else None,
        code="\n".join(clipped(line, arguments.budget) for line in wanted[:count]),
    )


READ_LINES = Tool(
    "read_lines",
    "Read lines of a file",
    "Read lines of an indexed file as it is now, numbered; read around a place that `search` or `callers` "
    "found. Secrets in it are redacted.",
    LinesArguments,
    LinesResult,
    read_lines,
)
