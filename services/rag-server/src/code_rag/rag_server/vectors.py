"""Arithmetic of dense vectors, and the keys by which they are reused."""

import hashlib
import math
import struct
from uuid import UUID

from code_rag.rag_server.model import Vector


def vector_key(text: str) -> str:
    """A UUID for the vector of a text: the same for the same text, wherever it stands."""
    return str(UUID(bytes=hashlib.sha256(text.encode()).digest()[:16]))


def normalised(vector: Vector) -> Vector:
    """The vector with length 1; a zero vector stays as it is."""
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector


def packed(vector: Vector) -> bytes:
    """Two bytes per number (IEEE 754 half precision, little-endian): the form in which vectors are kept."""
    return struct.pack(f"<{len(vector)}e", *vector)


def unpacked(data: bytes) -> Vector:
    """The vector that `packed` gave."""
    return struct.unpack(f"<{len(data) // 2}e", data)


def as_kept(vector: Vector) -> Vector:
    """The vector with length 1, rounded as it is kept: what the index has of it, computed or reused."""
    return unpacked(packed(normalised(vector)))
