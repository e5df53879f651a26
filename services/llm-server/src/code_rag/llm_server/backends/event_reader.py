"""Server-sent events from bytes that come in any pieces."""

import re
from typing import NamedTuple

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLong(Exception):
    """An event has more bytes than the reader keeps."""


class Event(NamedTuple):
    """One event with data; `name` is empty for most."""

    name: bytes
    data: bytes


class EventReader:
    """Keeps at most `longest` bytes of an event; comments, ids and events without data are passed over."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line = bytearray()
        self._name = b""
        self._data: list[bytes] = []
        self._kept = 0
        self._after_return = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[Event]:
        """The events that `piece` completes; raises EventTooLong."""
        if self._after_return and piece:  # the second half of a line end
            piece = piece.removeprefix(b"\n")
            self._after_return = False
        self._after_return = self._after_return or piece.endswith(b"\r")
        *lines, rest = _LINE_END.split(piece)
        ended = [event for line in lines if (event := self._end(line))]
        self._extend(rest)
        return ended

    def close(self) -> Event | None:
        """The event that the end of the bytes left without its empty line, if any."""
        return self._end(b"") or self._end(b"")

    def _extend(self, part: bytes) -> None:
        if self._kept + len(self._line) + len(part) > self._longest:
            raise EventTooLong
        self._line += part

    def _end(self, part: bytes) -> Event | None:
        self._extend(part)
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            line, self._at_start = line.removeprefix(_BYTE_ORDER_MARK), False
        if not line:
            return self._dispatch()
        self._take(line)
        return None

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"event":
            self._name = value.removeprefix(b" ")
        elif field == b"data":
            self._data.append(value.removeprefix(b" "))
            self._kept += len(line)

    def _dispatch(self) -> Event | None:
        event = Event(self._name, b"\n".join(self._data))
        self._name, self._data, self._kept = b"", [], 0
        return event if event.data.strip() else None
