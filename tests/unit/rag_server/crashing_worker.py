"""A process that prepares files until it is given one that crashes or hangs it."""

import os
import signal
import time

from code_rag.rag_server.adapters import prepare_worker
from code_rag.rag_server.model import SourceFile
from code_rag.rag_server.preparing import ChangedFile, FailedFile, prepare


def prepare_or_crash(file: SourceFile) -> ChangedFile | FailedFile:
    """What `prepare` returns, unless the file says otherwise."""
    if "CRASH" in file.text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "HANG" in file.text:
        time.sleep(3600)
    if "PRINT" in file.text:
        print("a stray line")  # to stdout, on which the replies go
    return prepare(file)


if __name__ == "__main__":
    prepare_worker.main(prepare_or_crash)
