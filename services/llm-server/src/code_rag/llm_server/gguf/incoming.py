"""A file that is being fetched: it grows from its start, so that any source can go on with it."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from code_rag.llm_server.gguf.failures import ModelMissing
from code_rag.llm_server.gguf.progress import Report

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
STEP = "fetching the model"


@dataclass(frozen=True, slots=True)
class Incoming:
    """The bytes of a model's file that have come so far, of `total`; they stay when the process ends."""

    path: Path
    total: int
    report: Report

    @property
    def size(self) -> int:
        """How many bytes are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def complete(self) -> bool:
        return self.size >= self.total

    def truncate(self, size: int) -> None:
        """Keep the first `size` bytes only."""
        if self.size > size:
            os.truncate(self.path, size)

    def append(self, piece: bytes) -> None:
        """Add bytes at the end; raises ModelMissing where the disk has no room for them."""
        try:
            with self.path.open("ab") as out:
                out.write(piece)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise self._no_room(self.total - self.size) from error
            raise
        self.report(STEP, self.size, self.total)

    def require_room(self, besides: int) -> None:
        """Raise ModelMissing unless the rest of the file and `besides` bytes more fit on the disk."""
        needed = self.total - self.size + besides
        if shutil.disk_usage(self.path.parent).free < needed:
            raise self._no_room(needed)

    def _no_room(self, needed: int) -> ModelMissing:
        free = shutil.disk_usage(self.path.parent).free
        return ModelMissing(
            f"There is no room for the model: {needed / 1e9:.2f} GB more are needed in {self.path.parent}, "
            f"and {free / 1e9:.2f} GB may be used. Make room and start again (what has come is kept), or set "
            "LOCAL_MODEL_CACHE_DIR to a folder on another disk."
        )
