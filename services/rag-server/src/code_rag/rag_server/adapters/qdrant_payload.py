"""How chunks are stored in Qdrant, the same in the server and in the embedded engine."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from code_rag.rag_server.identifiers import defined_names
from code_rag.rag_server.model import CHUNKER_VERSION, Chunk, EmbeddingModel, Point, StoredFile, VectorKind

LAYOUT_VERSION = 4
"""Bump when the meaning of a stored payload or sparse vector changes, and when far more is redacted."""

MAX_POINTS = 1_000_000
"""Limit of a listing in the embedded store; its engine has no listing without a limit."""

FIRST_GUESS = EmbeddingModel("sentence-transformers/all-MiniLM-L6-v2", 384)
"""Whose index is open until it is known which one serves: the model of whoever sets no EMBEDDING_MODEL."""

MAX_FILES = 1_000_000
"""Maximum number of distinct values of a field to count: the engine allocates memory for this many."""

MAX_NAMES = 100_000
"""Maximum number of defined names to list."""

DENSE = "dense"
SPARSE = "sparse"
VECTOR = "vector"
"""The field with the kind of the point's dense vector; without the field it has none."""
KINDS_WITH: Mapping[VectorKind, Sequence[str]] = {"header": ("header", "whole"), "whole": ("whole",)}
"""The values of that field with which a point is not missing a vector of that kind."""
INDEXED_FIELDS = ("path", "path_parents", "language", "file_version", "names", "references", VECTOR)
_NAME_LISTS = ("symbols", "references")
_CHUNK_FIELDS = tuple(field.name for field in fields(Chunk) if field.name not in ("id", *_NAME_LISTS))


def index_name(collection: str, space: str, *, redacted: bool = True) -> str:
    """The name of an index by its vectors' space, chunker and layout, so that different vectors never mix.

    One with secrets has a name of its own: what is deleted of an index stays in its files for a while, so
    secrets are gone from the disk only when the whole index is.
    """
    schema = f"{space}|{CHUNKER_VERSION}|{LAYOUT_VERSION}" + "|secrets" * (not redacted)
    return f"{collection}-{hashlib.sha256(schema.encode()).hexdigest()[:8]}"


def cache_name(collection: str, space: str) -> str:
    """The name of the collection with a space's vectors, which are the same for every chunker and layout."""
    return f"{collection}-{hashlib.sha256(f'vectors|{space}'.encode()).hexdigest()[:8]}"


def is_of(collection: str, name: str) -> bool:
    """Whether `index_name` or `cache_name` can have given this name."""
    return bool(re.fullmatch(re.escape(collection) + "-[0-9a-f]{8}", name))


def point_payload(point: Point) -> dict[str, Any]:
    """The payload of a point: its chunk's, and the kind of its dense vector."""
    return to_payload(point.chunk) | ({VECTOR: point.dense.kind} if point.dense else {})


def to_payload(chunk: Chunk) -> dict[str, Any]:
    """The chunk's fields except its id, and three fields that are only for filtering and counting.

    `names` are the names that the chunk defines, as a query for a definition writes them; `path_parents` are
    the file and every folder it is in; `file_version` is the same for all chunks of one version of a file, so
    that the store can count the chunks of each version.
    """
    return {
        "path": chunk.path,
        "path_parents": path_parents(chunk.path),
        "language": chunk.language,
        "start_line": chunk.start_line,
        "end_line": chunk.end_line,
        "symbol": chunk.symbol,
        "symbols": list(chunk.symbols),
        "references": list(chunk.references),
        "names": sorted(defined_names(chunk.symbols)),
        "kind": chunk.kind,
        "text": chunk.text,
        "file_digest": chunk.file_digest,
        "file_chunks": chunk.file_chunks,
        "file_version": f"{chunk.file_digest}:{chunk.file_chunks}:{chunk.path}",
    }


def to_chunk(point_id: object, payload: Mapping[str, Any]) -> Chunk:
    """The chunk that `to_payload` stored under this id."""
    values: dict[str, Any] = {name: payload[name] for name in _CHUNK_FIELDS}
    values |= {name: tuple(payload[name]) for name in _NAME_LISTS}
    return Chunk(id=str(point_id), **values)


def path_parents(path: str) -> list[str]:
    """`a/b.py` gives `a` and `a/b.py`: the values that a path filter matches."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def tally_files(
    versions: Mapping[str, int], unembedded: Mapping[str, int], headers: Mapping[str, int]
) -> dict[str, StoredFile]:
    """The stored files, from the points per `file_version`, and per path those without vector or a header's.

    A file that is stored in two versions is not complete.
    """
    files: dict[str, StoredFile] = {}
    for version, count in versions.items():
        digest, expected, path = version.split(":", 2)
        complete = count == int(expected) and path not in files
        files[path] = StoredFile(digest, count, complete, unembedded.get(path, 0), headers.get(path, 0))
    return files
