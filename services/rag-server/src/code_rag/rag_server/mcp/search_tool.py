"""The tool `search`: the code that matches a query, as much of it as the budget allows."""

from typing import Self

from pydantic import BaseModel, Field

from code_rag.rag_server.mcp.quoted import AS_DATA, clipped, fitting, shown
from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.scope import Scoped, token_budget
from code_rag.rag_server.mcp.tool import Report, Result, Tool
from code_rag.rag_server.wire import MAX_QUERY_CHARS, SearchHit, SearchResponse

PAGE = 20
"""At most so many hits in one result."""
MOST_HITS = 100
"""So many hits of one query can be paged through."""


class SearchArguments(Scoped):
    """What to find."""

    query: str = Field(
        min_length=1, max_length=MAX_QUERY_CHARS, description="A question, a description or names; no regex."
    )
    budget: int = token_budget(2000)
    offset: int = Field(0, ge=0, lt=MOST_HITS, description="`next_offset` of the result before.")


class Hit(BaseModel):
    """A place that matches, with its code."""

    path: str
    start_line: int
    end_line: int
    symbol: str
    language: str
    score: float
    code: str

    @classmethod
    def of(cls, hit: SearchHit) -> Self:
        """From the answer of the HTTP API."""
        return cls(
            path=hit.path,
            start_line=hit.start_line,
            end_line=hit.end_line,
            symbol=hit.symbol,
            language=hit.language,
            score=round(hit.score, 3),
            code="\n".join(shown(hit.text.split("\n"))),
        )

    def text(self) -> str:
        """The place, then the code."""
        symbol = f" {self.symbol}" if self.symbol else ""
        return f"{self.path}:{self.start_line}-{self.end_line}{symbol}\n{self.code}"


class SearchResult(Result):
    """Hits, best first."""

    hits: list[Hit]
    next_offset: int | None = Field(description="Where the next hits are; null after the last.")
    notes: list[str] = Field(description="What the search was missing.")

    def text(self) -> str:
        """The hits below each other."""
        head = AS_DATA if self.hits else "Nothing in the index matches. Try other words, or index_status."
        more = f"More with offset={self.next_offset}." if self.next_offset is not None else ""
        notes = (f"Note: {note}" for note in self.notes)
        return "\n\n".join(part for part in (head, *notes, *(hit.text() for hit in self.hits), more) if part)


async def search(api: RagApi, arguments: SearchArguments, report: Report) -> SearchResult:
    """The hits after the offset that fit into the budget; the first is clipped where it does not fit."""
    limit = min(arguments.offset + PAGE, MOST_HITS)
    body = {"query": arguments.query, "limit": limit} | arguments.within()
    found = await api.post("/search", body, SearchResponse)
    rest = [Hit.of(hit) for hit in found.hits[arguments.offset :]]
    count = fitting(rest, arguments.budget, Hit.text)
    hits = rest[:count] or [_clipped(hit, arguments.budget) for hit in rest[:1]]
    after = arguments.offset + len(hits)
    is_more = len(rest) > len(hits) or (len(found.hits) == limit and limit < MOST_HITS)
    return SearchResult(hits=hits, next_offset=after if is_more else None, notes=found.degraded)


def _clipped(hit: Hit, budget: int) -> Hit:
    """A hit with the lines that fit."""
    lines = hit.code.split("\n")
    count = max(1, fitting(lines, budget, str))
    code = "\n".join(clipped(line, budget) for line in lines[:count])
    return hit.model_copy(update={"code": code, "end_line": hit.start_line + count - 1})


SEARCH = Tool(
    "search",
    "Search the code",
    'Find code by meaning or by name, when you do not know the exact words to grep for: "where are refunds '
    'limited", "RefundPolicy.window". Returns the code itself with path and lines, so that files need not be '
    "opened to look. For every occurrence of an exact text, grep is better.",
    SearchArguments,
    SearchResult,
    search,
)
