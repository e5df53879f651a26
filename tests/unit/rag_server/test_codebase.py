"""What of the codebase on disk may be read."""

from pathlib import Path

import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.paths import PathOutsideError


@pytest.fixture
def codebase(tmp_path: Path) -> Codebase:
    """A codebase with something of everything, and a secret next to it."""
    root = tmp_path / "code"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "orders.py").write_bytes(b"one\r\ntwo\x0cstill two\n")
    (root / "docs").mkdir()
    (root / "docs" / "guide.md").write_text("# Guide")
    (root / ".env").write_text("API_KEY=abc")
    (root / "shop" / "id_rsa").write_text("key")
    (root / ".gitignore").write_text("build/\n*.log\n")
    (root / "build").mkdir()
    (root / "build" / "out.py").write_text("x = 1")
    (root / "debug.log").write_text("x")
    (root / "logo.png").write_bytes(b"\x89PNG\0\0")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "folder").symlink_to(tmp_path)
    (tmp_path / "outside.py").write_text("secret = 1")
    return Codebase(root)


@pytest.mark.parametrize("path", ["shop/orders.py", "./shop/orders.py", "shop//orders.py"])
def test_a_source_file_is_read(codebase: Codebase, path: str) -> None:
    """A file that indexing would read comes with its language, under its one true path."""
    file = codebase.source(path)

    assert file is not None
    assert (file.path, file.language, file.text) == ("shop/orders.py", "python", "one\r\ntwo\x0cstill two\n")


@pytest.mark.parametrize(
    "path",
    [
        "", ".", "shop", "docs", "nothing.py", "shop/orders.py/x", ".env", "shop/id_rsa", "build/out.py",
        "debug.log", "logo.png", "link.py", "folder/outside.py", "../outside.py", "shop/../../outside.py",
        "/etc/passwd", "x" * 5000, ".git/config",
    ],
)  # fmt: skip
def test_everything_else_is_not_found_alike(codebase: Codebase, path: str) -> None:
    """Missing, secret, ignored, binary, linked and outside files are all as if they were not there."""
    assert codebase.source(path) is None
    assert codebase.lines(path) is None


def test_a_nul_names_no_file(codebase: Codebase) -> None:
    """A path with a NUL in it names nothing."""
    assert codebase.source("a\0b") is None


@pytest.mark.parametrize(
    ("path", "relative"), [("", ""), (".", ""), ("./shop/", "shop"), ("shop//a.py", "shop/a.py")]
)
def test_paths_have_one_spelling(codebase: Codebase, path: str, relative: str) -> None:
    """Every spelling of a place inside the codebase is the one that the walk has."""
    assert codebase.relative(path) == relative


def test_a_path_outside_has_no_spelling(codebase: Codebase) -> None:
    """A path that leads out through a link is refused."""
    with pytest.raises(PathOutsideError):
        codebase.relative("folder/outside.py")


def test_lines_are_those_of_chunks(codebase: Codebase) -> None:
    """Lines end at line feeds alone, without a carriage return before it, as chunks hold them."""
    assert codebase.lines("shop/orders.py") == ["one", "two\x0cstill two", ""]
