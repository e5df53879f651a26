"""Finding what changed on disk: every kind of change, and nothing else."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.rag_server.changes import Changes
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.differences import Differences
from code_rag.rag_server.codebase.paths import cover
from code_rag.rag_server.codebase.signatures import Signatures
from code_rag.rag_server.codebase.walking import FoundFile
from code_rag.rag_server.preparing import InProcess
from tests.fixtures.privileges import permissions_bind_root

CODE = "def f():\n    return 1\n"
LONG_AGO_NS = 1_700_000_000_000_000_001


class Tree:
    """A codebase on disk, and what an index would have read of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.codebase = Codebase(root)
        self.signatures = Signatures()
        self.differences = Differences(self.codebase, self.signatures)

    def write(self, *paths: str, text: str = CODE) -> None:
        """Write files, and make them old, so that one reading is enough."""
        for path in paths:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
            os.utime(self.root / path, ns=(LONG_AGO_NS, LONG_AGO_NS))

    def replace_folder(self, path: str) -> None:
        """Put a file in place of a folder."""
        shutil.rmtree(self.root / path)
        self.write(path)

    def replace_file(self, path: str) -> None:
        """Put a folder in place of a file."""
        (self.root / path).unlink()
        self.write(f"{path}/in.py")

    def touch(self, name: bytes) -> None:
        """Make an empty file."""
        Path(os.fsdecode(os.fsencode(self.root) + b"/" + name)).touch()

    def index(self, *paths: str) -> None:
        """Read what is at or under the paths, as a run does."""
        for path in paths or ("",):
            for batch in Changes(self.codebase, path, {}, self.signatures).batches(InProcess()):
                for read in batch.reads:
                    self.signatures.note(read)

    def changed(self) -> set[str]:
        """What differs now, everywhere."""
        return self.differences.find(self.differences.folders())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An indexed codebase of a few files."""
    made = Tree(tmp_path / "code")
    for path in ("a.py", "shop/b.py", "shop/deep/c.py", "other/d.py"):
        made.write(path)
    made.write(".gitignore", text="*.log\nbuild/\n")
    made.index()
    return made


CHANGES: dict[str, tuple[Callable[[Tree], object], set[str]]] = {
    "nothing": (lambda tree: None, set()),
    "an edit": (lambda tree: tree.write("shop/b.py", text=CODE * 2), {"shop/b.py"}),
    "an edit of the same size": (lambda tree: tree.write("a.py", text=CODE.replace("1", "2")), {"a.py"}),
    "a new file": (lambda tree: tree.write("shop/new.py"), {"shop/new.py"}),
    "a new folder": (lambda tree: tree.write("fresh/in/it.py"), {"fresh"}),
    "a deleted file": (lambda tree: (tree.root / "a.py").unlink(), {"a.py"}),
    "a deleted folder": (lambda tree: shutil.rmtree(tree.root / "shop"), {"shop"}),
    "a renamed file": (
        lambda tree: (tree.root / "a.py").rename(tree.root / "z.py"),
        {"a.py", "z.py"},
    ),
    "a renamed folder": (
        lambda tree: (tree.root / "shop").rename(tree.root / "store"),
        {"shop", "store"},
    ),
    "a file in place of a folder": (
        lambda tree: tree.replace_folder("other"),
        {"other"},
    ),
    "a folder in place of a file": (
        lambda tree: tree.replace_file("a.py"),
        {"a.py"},
    ),
    "new rules": (lambda tree: tree.write(".gitignore", text="shop/\n"), {""}),
    "new rules in a folder": (lambda tree: tree.write("shop/.ragignore", text="b.py\n"), {"shop"}),
    "an ignored file": (lambda tree: tree.write("shop/x.log"), set()),
    "an ignored folder": (lambda tree: tree.write("build/x.py"), set()),
    "a folder of packages": (lambda tree: tree.write("node_modules/x/y.js"), set()),
    "a cache": (
        lambda tree: tree.write("other/CACHEDIR.TAG", text="Signature: 8a477f597d28d172789f06886806bc55"),
        {"other"},
    ),
    "a secret": (lambda tree: tree.write(".env", text="KEY=1"), set()),
    "an empty folder": (lambda tree: (tree.root / "empty/one").mkdir(parents=True), set()),
    "a link": (lambda tree: (tree.root / "link.py").symlink_to("a.py"), set()),
    "a name that is no text": (lambda tree: tree.touch(b"\xff.py"), set()),
    "many new files": (
        lambda tree: tree.write(*(f"shop/{n}.{'py' if n % 2 else 'log'}" for n in range(60))),
        {f"shop/{n}.py" for n in range(60) if n % 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_found_once(tree: Tree, kind: str) -> None:
    """Each kind of change is found, is none any more once a run has visited it, and no other is found."""
    change, expected = CHANGES[kind]
    change(tree)

    found = tree.changed()
    assert set(cover(found)) == expected

    if found:
        tree.index(*cover(found))
    assert tree.changed() == set()


def test_a_folder_made_before_its_files(tree: Tree) -> None:
    """A file that comes into a folder which was empty is found."""
    (tree.root / "empty/one").mkdir(parents=True)
    assert tree.changed() == set()
    assert tree.changed() == set()
    tree.write("empty/one/x.py")
    assert tree.changed() == {"empty/one/x.py"}


def test_what_was_too_large_can_come_back(tree: Tree) -> None:
    """A file that is left out for its size is found when it shrinks."""
    tree.write("big.py", text="x = 1\n" * 200_000)
    assert tree.changed() == set()
    tree.write("big.py")
    assert tree.changed() == {"big.py"}


def test_a_folder_that_cannot_be_read_has_not_changed(tree: Tree) -> None:
    """Files that cannot be seen for a while do not count as deleted."""
    with permissions_bind_root():
        (tree.root / "shop").chmod(0)
        changed = tree.changed()
        (tree.root / "shop").chmod(0o700)
    assert changed == set()


def test_before_the_first_run_nothing_is_compared(tmp_path: Path) -> None:
    """Without a run over everything there is nothing to compare with; one over a part is not enough."""
    tree = Tree(tmp_path / "code")
    tree.write("shop/a.py")
    assert tree.differences.folders() == []
    tree.index("shop")
    assert tree.differences.folders() == []
    tree.index()
    assert sorted(tree.differences.folders()) == ["", "shop/"]


def test_an_absent_codebase_is_named(tree: Tree) -> None:
    """A folder that is gone, and an indexed one that is suddenly empty, are said to be."""
    assert tree.differences.absence() == ""
    elsewhere = tree.root.with_name("elsewhere")
    tree.root.rename(elsewhere)
    assert tree.differences.absence() == f"The codebase cannot be read: {tree.root} does not exist."
    tree.root.mkdir()
    assert tree.differences.absence() == (
        f"{tree.root} is empty; its index is kept until `coderag index` is run."
    )


def test_locations_resolve_links(tree: Tree, tmp_path: Path) -> None:
    """Events name real paths, so the folders are known by theirs."""
    link = tmp_path / "link"
    link.symlink_to(tree.root)
    linked = Differences(Codebase(link), tree.signatures)
    real = os.path.realpath(tree.root)
    assert linked.locations() == {
        real: "", f"{real}/shop": "shop/", f"{real}/shop/deep": "shop/deep/", f"{real}/other": "other/",
    }  # fmt: skip


NAMES = st.sampled_from(["a", "b", "c.py", "d.py", "e.log", ".gitignore", "node_modules"])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "delete", "rename", "look"]), PLACES, PLACES), min_size=1, max_size=12
)


def perform(tree: Tree, step: tuple[str, str, str], number: int) -> None:
    """One change, if the disk allows it."""
    kind, one, other = step
    text = "*.log\n" if one.endswith(".gitignore") else f"x = {number}\n" * (number + 1)
    try:
        match kind:
            case "write":
                tree.write(one, text=text)
            case "delete" if (tree.root / one).is_dir():
                shutil.rmtree(tree.root / one)
            case "delete":
                (tree.root / one).unlink()
            case "rename":
                (tree.root / one).rename(tree.root / other)
            case "look":
                tree.index(*cover(tree.changed()))
    except OSError:
        return


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_any_changes_are_found(steps: list[tuple[str, str, str]]) -> None:
    """Whatever happens, visiting what was found leaves the same files known as reading everything again."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(Path(folder) / "code")
        tree.write("a/d.py")
        tree.index()
        for number, step in enumerate(steps):
            perform(tree, step, number)
        if found := cover(tree.changed()):
            tree.index(*found)

        files = [entry for entry in tree.codebase.walk() if isinstance(entry, FoundFile)]
        known = {
            place + name
            for place in tree.differences.folders()
            for name, seen in tree.signatures.names(place).items()
            if not seen.reason
        }
        assert known == {file.path for file in files}
        assert all(tree.signatures.digest(file) for file in files)
        assert tree.changed() == set()
