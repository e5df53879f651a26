"""The form in which vectors travel: rows of a key, 16 bytes, and a vector, two bytes per number."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from code_rag.rag_server.model import Vector
from code_rag.rag_server.vectors import packed, unpacked

KEY_BYTES = 16


class DamagedTable(ValueError):
    """The bytes are no whole number of rows."""


def row_bytes(dimension: int) -> int:
    """The size of a row with a vector of that many numbers."""
    return KEY_BYTES + 2 * dimension


def written_keys(keys: Iterable[str]) -> bytes:
    """The keys, 16 bytes each."""
    return b"".join(UUID(key).bytes for key in keys)


def read_keys(data: bytes) -> list[str]:
    """The keys that `written_keys` gave; raises DamagedTable for anything else."""
    return [str(UUID(bytes=row)) for row in rows(data, KEY_BYTES)]


def written(vectors: Mapping[str, Vector]) -> bytes:
    """A row for each vector, by its key."""
    return b"".join(UUID(key).bytes + packed(vector) for key, vector in vectors.items())


def read(data: bytes, dimension: int) -> dict[str, Vector]:
    """The vectors that `written` gave, by key; raises DamagedTable for anything else."""
    return {
        str(UUID(bytes=row[:KEY_BYTES])): unpacked(row[KEY_BYTES:])
        for row in rows(data, row_bytes(dimension))
    }


def rows(data: bytes, size: int) -> list[bytes]:
    """The rows of `size` bytes; raises DamagedTable where they are not whole."""
    if len(data) % size:
        raise DamagedTable(f"{len(data)} bytes are no whole rows of {size} bytes.")
    return [data[start : start + size] for start in range(0, len(data), size)]
