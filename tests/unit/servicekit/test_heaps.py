"""The heaps of the C library's allocator."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from code_rag.servicekit.heaps import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
together = threading.Barrier(8)
def work():
    together.wait()
    kept = [bytes(10_000) for _ in range(50)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a heap for each thread")
@pytest.mark.parametrize(("how", "few"), [("shared", True), ("each", False)])
def test_threads_share_two_heaps(how: str, few: bool) -> None:
    """Eight threads that allocate at once have two heaps in all, where each had one of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout.count("<heap nr=") <= 2) == few
