"""The source as a parser reads it, without the memory that py-tree-sitter loses."""

from types import TracebackType

_PIECE = 4_096


class ParserSource:
    """Gives a parser its source while it is entered, and afterwards the text of nodes to queries.

    py-tree-sitter 0.26 never frees what a parser was given: up to 140 MB for a file of broken code, where it
    goes back often. It gets one view for each offset, emptied at the end. Queries, which free it, want bytes.
    """

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._views: dict[int, memoryview] | None = None

    def __call__(self, offset: int, _point: object) -> bytes | memoryview:
        """The source from `offset` on, or a piece of it."""
        if self._views is None:
            return self._source[offset : offset + _PIECE]
        if offset not in self._views:
            self._views[offset] = memoryview(self._source)[offset:]
        return self._views[offset]

    def __enter__(self) -> "ParserSource":
        self._views = {}
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for view in (self._views or {}).values():
            view.release()
        self._views = None
