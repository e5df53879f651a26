"""Records in a run's progress what became of the files of one stored batch."""

from collections import Counter
from collections.abc import Mapping, Sequence

from code_rag.rag_server.changes import Batch
from code_rag.rag_server.model import Point, StoredFile, VectorKind
from code_rag.rag_server.progress import Progress


def record(
    progress: Progress,
    batch: Batch,
    stored: Mapping[str, StoredFile],
    points: Sequence[Point],
    last: VectorKind,
) -> None:
    """Record a stored batch: its files are done, failed or unchanged, or wait for vectors up to `last`."""
    progress.unread -= batch.read
    progress.advance(batch.read)
    progress.skipped.update(str(entry.reason) for entry in batch.skipped)
    for failed in batch.failed:
        progress.fail(failed.path, failed.message)
    for path in batch.unchanged:
        file = stored[path]
        waits = progress.expect(path, file.unembedded, _wholes(file.unembedded + file.headers, last))
        progress.unchanged += not waits
    without = Counter(point.chunk.path for point in points if point.dense is None)
    partly = Counter(point.chunk.path for point in points if point.dense and point.dense.kind != last)
    for path in (changed.path for changed in batch.changed):
        waits = progress.expect(path, without[path], _wholes(without[path] + partly[path], last))
        progress.indexed += not waits
    progress.chunks += len(points)
    progress.reused += len(points) - without.total() - (partly.total() if last == "whole" else 0)


def _wholes(missing: int, last: VectorKind) -> int:
    return missing if last == "whole" else 0
