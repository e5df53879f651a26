"""The texts that are being embedded: two callers of the same text share the work."""

from collections.abc import Mapping

from code_rag.embedding_server.engines.base import Tokens
from code_rag.embedding_server.request import Request, Row


class InFlight:
    """Rows that wait or are being embedded and that somebody waits for, by the keys of their texts."""

    def __init__(self) -> None:
        self._rows: dict[bytes, Row] = {}
        self.tokens = 0

    def added_by(self, texts: Mapping[bytes, Tokens]) -> list[Row]:
        """New rows for those of the texts that are not in flight; `join` puts them there."""
        return [Row(key, tokens) for key, tokens in texts.items() if key not in self._rows]

    def join(self, texts: Mapping[bytes, Tokens], added: list[Row]) -> Request:
        """A request for all the texts, of which `added` are new."""
        for row in added:
            self._rows[row.key] = row
            self.tokens += row.length
        return Request([self._rows[key] for key in texts])

    def leave(self, request: Request) -> None:
        """End a request, whether or not it got its vectors."""
        request.leave()
        for row in request.rows:
            if not row.requests:
                self.remove(row)

    def remove(self, row: Row) -> None:
        """Forget a row that is done or that nobody waits for."""
        if self._rows.get(row.key) is row:
            del self._rows[row.key]
            self.tokens -= row.length

    def fail(self, error: Exception) -> None:
        """Raise `error` in everyone who waits."""
        for row in self._rows.values():
            row.fail(error)
