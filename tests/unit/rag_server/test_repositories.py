"""The repository around and below a codebase: whose rules apply, and where the codebase ends."""

import subprocess
import unicodedata
from pathlib import Path

import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.options import Options
from code_rag.rag_server.codebase.repositories import find_user_excludes
from code_rag.rag_server.codebase.walking import walk
from code_rag.rag_server.model import SkippedFile, SourceFile
from tests.unit.rag_server.test_discovery import CODE, found, skipped, write
from tests.unit.rag_server.test_folders import GIT, commit


def reasons(root: Path, options: Options) -> dict[str, str]:
    """What a walk with these options finds (an empty reason) and skips."""
    return {entry.path: str(getattr(entry, "reason", "")) for entry in walk(root, options=options)}


def test_rules_above_the_root_apply(tmp_path: Path) -> None:
    """The ignore files from the work tree's top down, its excludes and attributes count in a folder."""
    files = [
        "app.py",
        "db.local.yaml",
        "generated/x.py",
        "private/y.py",
        "deep/generated/z.py",
        "own.py",
    ]
    write(tmp_path, *(f"services/api/{file}" for file in [*files, "api.go"]))
    write(tmp_path, ".gitignore", content="generated/\n*.local.yaml\n/app.py\n/services/api/own.py\n")
    write(tmp_path, "services/.gitignore", content="api/private\n")
    write(tmp_path, ".gitattributes", content="*.go linguist-generated\n")
    commit(tmp_path)
    write(tmp_path, ".git/info/exclude", content="*.tmp\n")
    write(tmp_path, "services/api/n.tmp")
    root = tmp_path / "services/api"
    assert found(root) == ["app.py"]
    ignored = ["db.local.yaml", "deep/generated/", "generated/", "n.tmp", "own.py", "private/"]
    left_out = dict.fromkeys(ignored, "ignored")
    assert skipped(root) == left_out | {"api.go": "generated"}
    assert Codebase(root).source("db.local.yaml") is None


def test_what_git_tracks_is_not_ignored(tmp_path: Path) -> None:
    """Files added in spite of a rule are read, and nothing else of an ignored folder but the root."""
    write(tmp_path, "lib/deep/own.py", "lib/.gitignore", "a.log", "docs/a.md", "x.py")
    commit(tmp_path)
    write(tmp_path, "lib/deep/made.py", "lib/made/x.py", "b.log", "docs/b.md")
    write(tmp_path, ".gitignore", content="lib/\n*.log\ndocs/*\n.gitignore\n")
    assert found(tmp_path) == ["a.log", "docs/a.md", "lib/.gitignore", "lib/deep/own.py", "x.py"]
    assert skipped(tmp_path)["lib/made/"] == skipped(tmp_path)["lib/deep/made.py"] == "ignored"
    assert found(tmp_path / "lib") == [".gitignore", "deep/made.py", "deep/own.py", "made/x.py"]
    write(tmp_path, ".ragignore", content="docs/\n!lib/\n.ragignore\n")
    own = ["lib/deep/made.py", "lib/deep/own.py", "lib/made/x.py"]
    assert found(tmp_path) == ["a.log", "lib/.gitignore", *own, "x.py"]


def test_an_own_rule_overrides_those_above(tmp_path: Path) -> None:
    """`.ragignore` in the root brings back what the enclosing repository ignores."""
    write(tmp_path, "api/generated/x.py", "api/app.py")
    write(tmp_path, ".gitignore", content="generated/\n")
    write(tmp_path, "api/.ragignore", content="!generated/\n.ragignore\n")
    commit(tmp_path)
    assert found(tmp_path / "api") == ["app.py", "generated/x.py"]


@pytest.mark.parametrize("rule", ["*", "/work/", "work/shop"])
def test_a_root_that_is_ignored_is_no_part_of_the_repository(tmp_path: Path, rule: str) -> None:
    """Home folders under version control ignore everything: what is in them is indexed on demand."""
    write(tmp_path, "work/shop/app.py", "work/shop/secret.local.yaml")
    write(tmp_path, ".gitignore", content=f"{rule}\n*.local.yaml\n")
    commit(tmp_path)
    assert found(tmp_path / "work/shop") == ["app.py", "secret.local.yaml"]


def test_the_users_excludes_apply(tmp_path: Path) -> None:
    """The user's own ignore file is weaker than the repository's, and may be a link."""
    write(tmp_path, "shop/a.py", "shop/b.scratch", "shop/c.scratch", "dotfiles/ignore")
    (tmp_path / "dotfiles/ignore").write_text("*.scratch\n")
    (tmp_path / "ignore").symlink_to("dotfiles/ignore")
    write(tmp_path / "shop", ".gitignore", content="!c.scratch\n.gitignore\n")
    options = Options(user_excludes=tmp_path / "ignore")
    expected = {".gitignore": "ignored", "a.py": "", "b.scratch": "ignored", "c.scratch": ""}
    assert reasons(tmp_path / "shop", options) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", "home/.config/git/ignore"),
        ("[user]\n\tname = x\n", "home/.config/git/ignore"),
        ("[core]\n\teditor = vi\n\texcludesFile = ~/.gitignore_global\n", "home/.gitignore_global"),
        ('[core] ; mine\nexcludesfile = "/etc/ignore" # all\n', "/etc/ignore"),
        ("[core]\nexcludesfile = a\n[alias]\nexcludesfile = b\n", "home/a"),
    ],
)
def test_git_says_where_the_users_excludes_are(tmp_path: Path, config: str, expected: str) -> None:
    """`core.excludesFile` of the user's configuration, or git's own place."""
    home = tmp_path / "home"
    write(tmp_path, "home/.gitconfig", content=config)
    assert find_user_excludes(home, home / ".config") == tmp_path / expected


def test_repositories_below_the_root_are_boundaries(tmp_path: Path) -> None:
    """Clones, linked work trees and submodules are left out, unless a setting lets them in."""
    write(tmp_path, "a.py", "lib/a.py", "fake/.git/x", "fake/a.py")
    write(tmp_path, "inner/a.py", "inner/build/x.py")
    commit(tmp_path / "inner", "--initial-branch=main")
    write(tmp_path, "inner/.git/info/exclude", content="*.log\n")
    tree = str(tmp_path / "lib/tree")
    subprocess.run([*GIT, "worktree", "add", "-q", tree], cwd=tmp_path / "inner", check=True, timeout=20)
    write(tmp_path, "inner/x.log", "lib/tree/x.log")
    write(tmp_path, "sub/.git", content="gitdir: ../.git/modules/sub\n")
    write(tmp_path, "sub/a.py")
    boundaries = dict.fromkeys(["inner/", "lib/tree/", "sub/"], "nested_repository")
    outside = dict.fromkeys(["a.py", "fake/a.py", "lib/a.py"], "") | {"fake/.git/": "ignored"}
    assert reasons(tmp_path, Options()) == boundaries | outside
    let_in = reasons(tmp_path, Options(nested_repositories=True))
    names = [path for path, reason in let_in.items() if not reason]
    inside = ["inner/a.py", "inner/build/x.py", "lib/tree/a.py", "lib/tree/build/x.py", "sub/a.py"]
    assert names == sorted(["a.py", "fake/a.py", "lib/a.py", *inside])
    assert let_in["inner/x.log"] == let_in["lib/tree/x.log"] == "ignored"


def test_a_linked_work_tree_is_a_codebase_of_its_own(tmp_path: Path) -> None:
    """As a root it is read with the excludes that it shares and an index of its own."""
    write(tmp_path, "main/a.py", "main/build/own.py")
    commit(tmp_path / "main")
    tree = tmp_path / "tree"
    subprocess.run([*GIT, "worktree", "add", "-q", str(tree)], cwd=tmp_path / "main", check=True, timeout=20)
    write(tmp_path, "main/.git/info/exclude", content="*.tmp\n")
    write(tree, "x.tmp", "dist/made.py")
    assert found(tree) == ["a.py", "build/own.py"]
    assert skipped(tree) == {".git": "ignored", "dist/": "build_output", "x.tmp": "ignored"}


def test_names_are_composed(tmp_path: Path) -> None:
    """A name that the file system has decomposed is indexed, read and asked for in its composed form."""
    name = "정산/größe.py"
    write(tmp_path, unicodedata.normalize("NFD", name))
    write(tmp_path, ".gitignore", content=unicodedata.normalize("NFD", "é.py") + "\n.gitignore\n")
    write(tmp_path, "é.py")
    codebase = Codebase(tmp_path)
    assert found(tmp_path) == [name]
    for spelling in (name, unicodedata.normalize("NFD", name)):
        assert codebase.relative(spelling) == name
        assert codebase.source(spelling) == codebase.read(name)
        assert [entry.path for entry in codebase.walk(spelling)] == [name]
    assert isinstance(codebase.read(name), SourceFile)


def test_two_forms_of_a_name_are_two_files(tmp_path: Path) -> None:
    """Where both forms exist, none of the two files is lost."""
    composed, decomposed = "é.py", unicodedata.normalize("NFD", "é.py")
    write(tmp_path, composed, content="one = 1\n")
    write(tmp_path, decomposed, content="two = 2\n")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system has one form of a name")
    texts = {path: file.text for path in found(tmp_path) if (file := Codebase(tmp_path).source(path))}
    assert texts[composed] == "one = 1\n"
    assert sorted(found(tmp_path)) == sorted([composed, decomposed])


def test_limits_and_encodings_are_settings(tmp_path: Path) -> None:
    """The size limit and the encoding of old files are the user's to choose."""
    write(tmp_path, "a.py", content=CODE * 30)
    write(tmp_path, "b.py", content="# zażółć\n".encode("cp1250"))
    codebase = Codebase(tmp_path, Options(max_bytes=1_000, legacy_encoding="cp1250"))
    read = codebase.read("b.py")
    assert list(codebase.walk()) == [SkippedFile("a.py", "too_large"), *list(codebase.walk())[1:]]
    assert isinstance(read, SourceFile)
    assert read.text == "# zażółć\n"
