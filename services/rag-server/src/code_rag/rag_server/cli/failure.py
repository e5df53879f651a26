"""How a command ends when it did not do what it was asked for."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What scripts can tell apart; `coderag --help` explains each."""

    NOTHING_FOUND = 1
    REFUSED = 2
    UNAVAILABLE = 3
    INDEX_FAILED = 4


class Failure(Exception):
    """One sentence for people and an exit code for scripts."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code
