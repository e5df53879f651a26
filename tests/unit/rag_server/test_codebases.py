"""The codebases of one server: what the folders it was given stand for, and whose a path is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.codebase.codebases import Codebases, distinct_names
from code_rag.rag_server.codebase.paths import PathOutsideError
from code_rag.rag_server.codebase.walking import FoundFile
from code_rag.rag_server.model import SkippedFile, SourceFile
from tests.fixtures.privileges import permissions_bind_root

CODE = "def pay():\n    return 1\n"


def a_repository(folder: Path, *files: str) -> Path:
    """A folder with `.git` and these files."""
    (folder / ".git").mkdir(parents=True)
    return with_files(folder, *files)


def with_files(folder: Path, *files: str) -> Path:
    """The folder with these files in it."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(CODE)
    return folder


def listed(codebases: Codebases) -> dict[str, list[str]]:
    """The paths of each codebase's files, as the index knows them."""
    return {
        member.name: [entry.path for entry in member.walk() if isinstance(entry, FoundFile)]
        for member in codebases
    }


def test_one_folder_has_paths_without_a_prefix(tmp_path: Path) -> None:
    """A single codebase is called like its folder, and its paths are relative to it."""
    codebases = Codebases([a_repository(tmp_path / "shop", "pay.py")])

    assert listed(codebases) == {"shop": ["pay.py"]}
    assert codebases.name_of("pay.py") == "shop"


def test_each_of_several_folders_is_a_prefix(tmp_path: Path) -> None:
    """Paths of several codebases start with the codebase's name, from listing to reading."""
    roots = [with_files(tmp_path / "shop", "src/pay.py"), with_files(tmp_path / "x" / "billing", "pay.py")]
    codebases = Codebases(roots)

    assert listed(codebases) == {"shop": ["shop/src/pay.py"], "billing": ["billing/pay.py"]}
    file = codebases.source("billing/pay.py")
    assert isinstance(file, SourceFile)
    assert (file.path, file.text) == ("billing/pay.py", CODE)
    assert codebases.lines("shop/src/pay.py") == CODE.split("\n")
    assert codebases.name_of("shop/src/pay.py") == "shop"


def test_a_folder_of_repositories_stands_for_each_and_for_the_rest(tmp_path: Path) -> None:
    """Each repository is a codebase; files and folders beside them are one more, and nothing is left out."""
    a_repository(tmp_path / "work" / "shop", "pay.py")
    a_repository(tmp_path / "work" / "billing", "src/tax.py")
    with_files(tmp_path / "work", "deploy.py", "notes/todo.py")

    assert listed(Codebases([tmp_path / "work"])) == {
        "billing": ["billing/src/tax.py"],
        "shop": ["shop/pay.py"],
        "work": ["work/deploy.py", "work/notes/todo.py"],
    }


def test_rules_beside_the_repositories_are_followed(tmp_path: Path) -> None:
    """What is beside the repositories obeys the folder's own rules; a link is reported and not followed."""
    a_repository(tmp_path / "work" / "shop", "pay.py")
    with_files(tmp_path / "work", "deploy.py", "scratch/a.py")
    (tmp_path / "work" / ".gitignore").write_text("scratch/\n")
    (tmp_path / "work" / "linked").symlink_to(a_repository(tmp_path / "elsewhere", "b.py"))
    rest = Codebases([tmp_path / "work"]).named("work")

    assert rest is not None
    entries = {entry.path: entry for entry in rest.walk()}
    assert "work/deploy.py" in entries
    assert not any(path.startswith(("work/shop", "work/linked/")) for path in entries)
    assert entries["work/scratch/"] == SkippedFile("work/scratch/", "ignored")
    assert entries["work/linked"] == SkippedFile("work/linked", "symlink")
    assert rest.source("work/shop/pay.py") is None
    assert list(rest.walk("work/shop")) == []


def test_a_repository_with_repositories_in_it_is_one_codebase(tmp_path: Path) -> None:
    """A folder that has `.git` itself is a repository, whatever is checked out inside it."""
    root = a_repository(tmp_path / "shop", "pay.py")
    a_repository(root / "vendor", "b.py")

    assert Codebases([root]).names == ("shop",)


def test_new_repositories_are_found_and_deleted_ones_forgotten(tmp_path: Path) -> None:
    """A refresh sees a cloned repository and a deleted one; codebases that stay are the same values."""
    shop = a_repository(tmp_path / "shop", "pay.py")
    a_repository(tmp_path / "old", "a.py")
    codebases = Codebases([tmp_path])
    before = codebases.named("shop")
    a_repository(tmp_path / "new", "b.py")
    (tmp_path / "old" / "a.py").unlink()
    (tmp_path / "old" / ".git").rmdir()
    (tmp_path / "old").rmdir()

    assert codebases.names == ("old", "shop")
    codebases.refresh()

    assert codebases.names == ("new", "shop")
    assert codebases.named("shop") == before
    assert codebases.complete
    assert shop.is_dir()


def test_a_folder_that_is_away_keeps_its_codebases(tmp_path: Path) -> None:
    """An unmounted folder of repositories keeps what it had, and says that the list is not complete."""
    a_repository(tmp_path / "work" / "shop", "pay.py")
    a_repository(tmp_path / "work" / "billing", "tax.py")
    codebases = Codebases([tmp_path / "work", with_files(tmp_path / "solo", "a.py")])
    (tmp_path / "work").rename(tmp_path / "unmounted")

    codebases.refresh()

    assert codebases.names == ("billing", "shop", "solo")
    assert not codebases.complete
    with pytest.raises(FileNotFoundError, match="shop"):
        list(codebases.named("shop").walk())  # type: ignore[union-attr]


def test_a_mount_point_without_its_mount_is_not_an_empty_codebase(tmp_path: Path) -> None:
    """An empty folder among several fails, so that what is stored of it stays; a single one is empty."""
    (tmp_path / "shop").mkdir()
    several = Codebases([tmp_path / "shop", with_files(tmp_path / "billing", "tax.py")])

    with pytest.raises(FileNotFoundError, match="is it mounted"):
        list(several.named("shop").walk())  # type: ignore[union-attr]
    assert listed(Codebases([tmp_path / "shop"])) == {"shop": []}


def test_a_repository_that_cannot_be_read_is_still_one(tmp_path: Path) -> None:
    """A folder without permission counts as a repository: it fails by its own name and is not forgotten."""
    a_repository(tmp_path / "shop", "pay.py")
    closed = a_repository(tmp_path / "closed", "a.py")
    with permissions_bind_root():
        closed.chmod(0)
        names = Codebases([tmp_path]).names
        closed.chmod(0o755)

    assert names == ("closed", "shop")


def test_a_name_is_a_boundary(tmp_path: Path) -> None:
    """A path belongs to the codebase whose whole name it starts with, and can never leave it."""
    for name in ("shop", "shop2"):
        with_files(tmp_path / name, "pay.py")
    (tmp_path / "secret.py").write_text(CODE)
    codebases = Codebases([tmp_path / "shop", tmp_path / "shop2"])
    shop = codebases.named("shop")

    assert shop is not None
    assert codebases.name_of("shop2/pay.py") == "shop2"
    for path in ("", "pay.py", "other/pay.py", "shop/../secret.py", "shop/../shop2/pay.py", "/shop/pay.py"):
        assert codebases.source(path) is None
    for path in ("shop2/pay.py", "shop/../shop2", "/shop", "shop/a\0b"):
        with pytest.raises(PathOutsideError):
            shop.relative(path)
    assert [shop.relative(path) for path in ("", "shop", "shop/", "./shop/a//b")] == [
        "shop",
        "shop",
        "shop",
        "shop/a/b",
    ]


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["/a/shop", "/b/billing"], ["shop", "billing"]),
        (["/a/shop", "/b/shop"], ["a-shop", "b-shop"]),
        (["/x/a/shop", "/y/a/shop"], ["a-shop", "a-shop-2"]),
        (["/a/shop", "/b/shop", "/c/a-shop"], ["a-shop-2", "b-shop", "a-shop"]),
        (["/"], ["root"]),
    ],
)
def test_names_say_which_folder_is_meant(folders: list[str], names: list[str]) -> None:
    """Folders of one name are told apart by their parents, and by a number where that is the same too."""
    assert distinct_names([Path(folder) for folder in folders]) == names


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "a-b", "b-2"]), min_size=1, max_size=3),
        max_size=8,
        unique_by=tuple,
    )
)
def test_names_are_distinct(folders: list[list[str]]) -> None:
    """Whatever the folders are called, no two codebases have one name, and no name has a slash."""
    names = distinct_names([Path("/", *parts) for parts in folders])

    assert len(set(names)) == len(folders)
    assert not any("/" in name for name in names)
