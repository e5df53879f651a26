"""Commits as questions, read from a checkout with git."""

import subprocess
from pathlib import Path

import pytest

from code_rag.rag_server.cli.history import MAX_FILES, NoHistory, commits_of


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, as one author and without the user's settings."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, subject: str, *paths: str, author: str = "Ada <ada@example.org>") -> None:
    """Change these files and commit them."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(subject)
    git(folder, "add", "--all")
    git(folder, "commit", "-m", subject, f"--author={author}")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with four commits, one of a bot and one of too many files."""
    git(tmp_path, "init", "--initial-branch=main")
    commit(tmp_path, "Add orders", "src/orders.py", "docs/ü.md")
    commit(tmp_path, "Add many", *(f"many/{n}.py" for n in range(MAX_FILES + 1)))
    commit(tmp_path, "Update x", "x.py", author="renovate[bot] <bot@example.org>")
    commit(tmp_path, "Refund \x1b orders", "src/refunds.py")
    return tmp_path


def test_commits_with_their_files(checkout: Path) -> None:
    """The latest come first; those of bots and of many files are left out."""
    found = [(each.subject, each.paths) for each in commits_of(str(checkout), 10)]
    assert found == [
        ("Refund \x1b orders", ["src/refunds.py"]),
        ("Add orders", ["docs/ü.md", "src/orders.py"]),
    ]
    assert len(commits_of(str(checkout), 1)) == 1


def test_a_folder_of_the_checkout(checkout: Path) -> None:
    """From a folder the paths are given from there too, because it may be what is indexed."""
    found = commits_of(str(checkout / "src"), 10)
    assert found[0].paths == ["refunds.py", "src/refunds.py"]
    assert found[1].paths == ["orders.py", "src/orders.py"]


def test_folders_without_history(tmp_path: Path) -> None:
    """Why there is none is said in git's words or our own."""
    with pytest.raises(NoHistory, match="not a git repository"):
        commits_of(str(tmp_path), 10)
    with pytest.raises(NoHistory, match="does not exist"):
        commits_of(str(tmp_path / "gone"), 10)
    (tmp_path / "file").write_text("")
    with pytest.raises(NoHistory, match="is not a folder"):
        commits_of(str(tmp_path / "file"), 10)
    git(tmp_path, "init")
    with pytest.raises(NoHistory):
        commits_of(str(tmp_path), 10)


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is no error of the folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoHistory, match="git is not installed"):
        commits_of(str(tmp_path), 10)
