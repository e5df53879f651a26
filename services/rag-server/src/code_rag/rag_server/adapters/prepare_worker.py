"""A process that prepares files for `process_pool`, which starts it with `python -P -m`.

It reads lists of source files from stdin and writes what became of them to stdout, pickled, until stdin ends:
so it ends with the process that started it, however that ended.
"""

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from code_rag.rag_server.model import SourceFile
from code_rag.rag_server.preparing import ChangedFile, FailedFile, prepare

Prepare = Callable[[SourceFile], ChangedFile | FailedFile]


def serve(requests: IO[bytes], replies: IO[bytes], prepare: Prepare) -> None:
    """Answer each list of files with the list of what `prepare` returned for them."""
    for files in _received(requests):
        pickle.dump([prepare(file) for file in files], replies, protocol=5)
        replies.flush()


def _received(requests: IO[bytes]) -> Iterator[Sequence[SourceFile]]:
    while True:
        try:
            yield pickle.load(requests)  # noqa: S301 – written by the parent process
        except EOFError:
            return


def main(prepare: Prepare = prepare) -> None:
    """Serve on stdin and stdout."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as replies:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not get between the replies
        serve(sys.stdin.buffer, replies, prepare)


if __name__ == "__main__":
    main()
