"""The tool `callers`: the lines that use a definition."""

from pydantic import BaseModel, Field

from code_rag.rag_server.lookup_wire import CallersResponse
from code_rag.rag_server.mcp.quoted import AS_DATA, fitting, shown
from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.scope import Scoped, token_budget
from code_rag.rag_server.mcp.tool import Report, Result, Tool
from code_rag.rag_server.resolution import Resolution

MOST_CHUNKS = 100


class CallersArguments(Scoped):
    """Whose uses to find."""

    symbol: str = Field(
        min_length=1, max_length=400, description="A name, such as cancel, Order.cancel or orders.cancel."
    )
    budget: int = token_budget(2000)
    offset: int = Field(0, ge=0, description="`next_offset` of the result before.")


class Definition(BaseModel):
    """Where the symbol is defined."""

    path: str
    line: int
    symbol: str


class Use(BaseModel):
    """A line that uses it; `name only` may mean another symbol of the same name."""

    path: str
    line: int
    inside: str
    certainty: Resolution
    code: str

    def text(self) -> str:
        """The place and the line."""
        inside = f" in {self.inside}" if self.inside else ""
        return f"{self.path}:{self.line}{inside} ({self.certainty.value}): {self.code}"


class CallersResult(Result):
    """Definitions and uses, the surest first."""

    symbol: str
    definitions: list[Definition]
    uses: list[Use]
    next_offset: int | None = Field(description="Where the next uses are; null after the last.")
    notes: list[str] = Field(description="What the list leaves open.")

    def text(self) -> str:
        """A line for each place."""
        defined = (f"{each.symbol} is defined at {each.path}:{each.line}" for each in self.definitions)
        none = "" if self.uses else f"No place in the index uses {self.symbol}."
        more = f"More with offset={self.next_offset}." if self.next_offset is not None else ""
        notes = (f"Note: {note}" for note in self.notes)
        lines = (AS_DATA, *defined, none, *(use.text() for use in self.uses), more, *notes)
        return "\n".join(line for line in lines if line)


async def callers(api: RagApi, arguments: CallersArguments, report: Report) -> CallersResult:
    """The uses after the offset that fit into the budget, at least one."""
    body = {"callers_of": arguments.symbol, "limit": MOST_CHUNKS} | arguments.within()
    found = await api.post("/search", body, CallersResponse)
    uses = [
        Use(
            path=hit.path,
            line=use.line,
            inside=use.symbol,
            certainty=use.resolution,
            code=shown([use.text])[0].strip(),
        )
        for hit in found.hits
        for use in hit.uses
    ]
    rest = uses[arguments.offset :]
    count = max(1, fitting(rest, arguments.budget, Use.text))
    after = arguments.offset + count
    return CallersResult(
        symbol=found.callers_of,
        definitions=[
            Definition(path=each.path, line=each.line, symbol=each.symbol) for each in found.definitions
        ],
        uses=rest[:count],
        next_offset=after if after < len(uses) else None,
        notes=[*found.degraded, *found.notes],
    )


CALLERS = Tool(
    "callers",
    "Find who uses a symbol",
    "List the lines that call, make, extend or import a function, method or class, and how sure each is. Use "
    "it before changing or removing a definition; it follows imports, which grep does not.",
    CallersArguments,
    CallersResult,
    callers,
)
