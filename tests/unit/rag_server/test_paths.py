"""Paths given by clients stay inside the codebase."""

from pathlib import Path

import pytest

from code_rag.rag_server.codebase.paths import PathOutsideError, resolve_inside


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "..", "a/../..", "a/../b", "../codebase2/x", "a\0b", "//etc", "link", "link/x"]
)
def test_a_path_that_leaves_the_root_is_refused(tmp_path: Path, path: str) -> None:
    """Absolute paths, `..`, NUL and links to elsewhere are refused with a sentence."""
    root = tmp_path / "codebase"
    root.mkdir()
    (tmp_path / "codebase2").mkdir()
    (root / "link").symlink_to(tmp_path / "codebase2")
    with pytest.raises(PathOutsideError, match=r"^The path .*\.$"):
        resolve_inside(root, path)


@pytest.mark.parametrize(
    "path", ["", ".", "a", "a/b.py", "./a", "a//b.py", "missing/deep", "..a", "a..b", "inner", "é\n"]
)
def test_a_path_inside_the_root_is_resolved(tmp_path: Path, path: str) -> None:
    """Names, odd ones and missing ones too, and links within the root lead to a path under the root."""
    (tmp_path / "a").mkdir()
    (tmp_path / "inner").symlink_to("a")
    assert resolve_inside(tmp_path, path).is_relative_to(tmp_path.resolve())


def test_a_root_behind_a_link_is_fine(tmp_path: Path) -> None:
    """The root may itself be reached through a symbolic link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to("real")
    assert resolve_inside(tmp_path / "root", "x.py") == (tmp_path / "real" / "x.py").resolve()


def test_a_loop_of_links_is_no_crash(tmp_path: Path) -> None:
    """A link to itself resolves to a path inside, where there is no file to read."""
    (tmp_path / "loop").symlink_to("loop")
    assert not resolve_inside(tmp_path, "loop/x").exists()
