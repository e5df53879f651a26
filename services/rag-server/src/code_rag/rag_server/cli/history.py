"""The commits of a checkout as questions: git's history read on this machine, never by the server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from code_rag.rag_server.evaluation_wire import CommitQuestion

MAX_FILES = 10
"""A commit of more files is no question about one of them."""
GIT_SECONDS = 60
_COMMIT, _FIELD = "\x1e", "\x1f"
_BOTS = ("[bot]", "dependabot", "renovate", "pre-commit-ci")


class NoHistory(Exception):
    """The folder has no history to read; the message says why."""


def commits_of(folder: str, limit: int) -> list[CommitQuestion]:
    """The latest commits without merges and those of bots, with paths from `folder` and from the checkout.

    A path in `folder` is given both ways, because only the server knows which of the two is indexed.
    Raises NoHistory if there is none.
    """
    prefix = _git(folder, "rev-parse", "--show-prefix").strip()
    log = _git(
        folder, "log", "--no-merges", "--name-only", "-n", str(4 * limit),
        f"--format={_COMMIT}%an{_FIELD}%s{_FIELD}", "--", ".",
    )  # fmt: skip
    return list(_parsed(log, prefix))[:limit]


def _parsed(log: str, prefix: str) -> Iterator[CommitQuestion]:
    for entry in log.split(_COMMIT)[1:]:
        author, subject, names = entry.split(_FIELD, 2)
        paths = [name for name in names.split("\n") if name]
        if 0 < len(paths) <= MAX_FILES and not any(bot in author.lower() for bot in _BOTS):
            inside = [path.removeprefix(prefix) for path in paths if prefix and path.startswith(prefix)]
            yield CommitQuestion(subject=subject[:1000], paths=[*inside, *paths])


def _git(folder: str, *arguments: str) -> str:
    # The checkout's own settings must not start other programs.
    settings = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.quotePath=false")
    try:
        done = subprocess.run(
            ["git", *settings, "--no-pager", *arguments],
            cwd=Path(folder), capture_output=True, timeout=GIT_SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        missing = "git is not installed" if Path(folder).is_dir() else f"{folder} does not exist"
        raise NoHistory(missing) from error
    except NotADirectoryError as error:
        raise NoHistory(f"{folder} is not a folder") from error
    except subprocess.TimeoutExpired as error:
        raise NoHistory(f"git did not answer within {GIT_SECONDS} s") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise NoHistory(reason.removeprefix("fatal: ") or f"git failed with status {done.returncode}")
    return done.stdout.decode(errors="replace")
