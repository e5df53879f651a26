"""Whether a process that a test has started still runs."""

import os
from pathlib import Path


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and is not collected yet does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
