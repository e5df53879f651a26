"""How a command ends when it fails."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes for scripts; `coderag --help` explains each."""

    NOTHING_FOUND = 1
    REFUSED = 2
    UNAVAILABLE = 3
    INDEX_FAILED = 4


class Failure(Exception):
    """A message for people and an exit code for scripts."""

    def __init__(self, message: str, exit_code: ExitCode, status: int | None = None) -> None:
        """`status` is that of the server's answer, if it is what failed."""
        super().__init__(message)
        self.exit_code = exit_code
        self.status = status
