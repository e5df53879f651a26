"""Folders of tools and of others: left out without a `.gitignore`, and none of the user's own with them."""

import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.codebase.git_index import parse_index
from tests.unit.rag_server.test_discovery import found, skipped, write

GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@y", "-c", "core.excludesFile=")


def commit(root: Path, *more: str) -> None:
    """Make a repository of the folder, with everything that is in it."""
    commands = (("init", "-q", *more), ("add", "-A"), ("commit", "-q", "--allow-empty", "-m", "all"))
    for command in commands:
        subprocess.run([*GIT, *command], cwd=root, check=True, timeout=20)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("build/lib/shop/cart.py", "build_output"),
        ("dist/assets/index.js", "build_output"),
        ("target/classes/Cart.java", "build_output"),
        ("web/dist/index.js", "build_output"),
        ("cmake-build-debug/CMakeFiles/x.c", "build_output"),
        ("shop.egg-info/top_level.txt", "build_output"),
        ("docs/_build/conf.py", "build_output"),
        ("web/.next/server/page.js", "build_output"),
        ("vendor/github.com/acme/queue/queue.go", "vendored"),
        ("third_party/zip/zip.c", "vendored"),
        ("src/third_party/zip/zip.c", "vendored"),
        ("ThirdParty/zip/zip.c", "vendored"),
        ("ios/Pods/Alamo/Alamo.swift", "vendored"),
        ("Carthage/Checkouts/Alamo/Alamo.swift", "vendored"),
        ("lib/python3.12/site-packages/x.py", "vendored"),
    ],
)
def test_output_and_copies_are_left_out(tmp_path: Path, path: str, reason: str) -> None:
    """Where neither git nor an ignore file says what is the user's own, names and places do."""
    write(tmp_path, path, "src/cart.py")
    assert found(tmp_path) == ["src/cart.py"]
    assert set(skipped(tmp_path).values()) == {reason}


@pytest.mark.parametrize(
    ("path", "beside", "reason"),
    [
        ("src/Shop/bin/Shop.cs", "src/Shop/Shop.csproj", "build_output"),
        ("src/Shop/obj/Shop.cs", "src/Shop/Shop.csproj", "build_output"),
        ("src/app/dist/index.js", "src/app/package.json", "build_output"),
        ("out/main.js", "package.json", "build_output"),
        ("coverage/lcov.js", "package.json", "build_output"),
        ("src/core/target/a.rs", "src/core/Cargo.toml", "build_output"),
        ("lib/api/vendor/a.php", "lib/api/composer.json", "vendored"),
        ("deps/jason/jason.ex", "mix.exs", "vendored"),
    ],
)
def test_what_is_next_to_a_folder_counts(tmp_path: Path, path: str, beside: str, reason: str) -> None:
    """Next to the file of a build tool an ordinary word is the name of that tool's folder."""
    write(tmp_path, path, beside)
    assert path not in found(tmp_path)
    assert set(skipped(tmp_path).values()) == {reason}


@pytest.mark.parametrize(
    "path",
    [
        "src/build/plan.py", "src/main/java/com/shop/target/Target.java", "src/components/vendor/List.tsx",
        "internal/build/build.go", "cmd/dist/main.go", "app/vendor/models.py", "build/__init__.py",
        "bin/setup", "deps/x.py", "obj/x.c", "com/shop/vendor/Vendor.java", "src/coverage/report.py",
        "vendors/x.py",        "builder/x.py", "targets/x.py", "out/mail.py", "coverage/x.py",
    ],
)  # fmt: skip
def test_folders_of_source_with_such_names_are_kept(tmp_path: Path, path: str) -> None:
    """A package called `build`, `target` or `vendor` among source is source."""
    write(tmp_path, path)
    assert found(tmp_path) == [path]


def test_a_package_among_packages_is_source(tmp_path: Path) -> None:
    """What is inside a Python package is source, whatever its name."""
    write(tmp_path, "shop/__init__.py", "shop/build/tasks.py")
    assert found(tmp_path) == ["shop/build/tasks.py", "shop/__init__.py"][::-1]


@pytest.mark.parametrize("more", [(), ("--object-format=sha256",)], ids=["sha1", "sha256"])
@pytest.mark.parametrize("version", ["2", "4"])
def test_what_git_tracks_is_the_users_own(tmp_path: Path, more: tuple[str, ...], version: str) -> None:
    """Committed folders are read, whatever the version of git's index; what is not committed is not."""
    own = ["build/webpack.config.js", "out/mail.py", "vendor/patches.py", "web/dist/release.sh"]
    write(tmp_path, *own)
    commit(tmp_path, *more)
    subprocess.run([*GIT, "update-index", "--index-version", version], cwd=tmp_path, check=True, timeout=20)
    write(tmp_path, "target/Made.java", "web/build/made.js")
    assert found(tmp_path) == own
    assert found(tmp_path / "web") == ["dist/release.sh"]


def test_a_split_index_is_read(tmp_path: Path) -> None:
    """What git keeps in a shared index is tracked, too."""
    write(tmp_path, "build/a.py")
    commit(tmp_path)
    subprocess.run([*GIT, "update-index", "--split-index"], cwd=tmp_path, check=True, timeout=20)
    write(tmp_path, "dist/b.py")
    subprocess.run([*GIT, "add", "-f", "dist/b.py"], cwd=tmp_path, check=True, timeout=20)
    assert found(tmp_path) == ["build/a.py", "dist/b.py"]


@pytest.mark.parametrize(
    "mark", ["vendor/modules.txt", "vendor/autoload.php", "third_party/zip/LICENSE", "_vendor/x/COPYING.txt"]
)
def test_committed_copies_are_left_out(tmp_path: Path, mark: str) -> None:
    """A folder that a package manager filled, or whose parts have their own licences, is not the user's."""
    folder = mark.partition("/")[0]
    write(tmp_path, f"{folder}/zip/zip.c", mark, "src/cart.py")
    commit(tmp_path)
    assert found(tmp_path) == ["src/cart.py"]
    assert skipped(tmp_path)[f"{folder}/"] == "vendored"


@pytest.mark.parametrize("rules", [".ragignore", ".gitignore"])
def test_a_rule_brings_a_folder_back(tmp_path: Path, rules: str) -> None:
    """`!vendor/` is all it takes; a broad `!*/` opens no folder of dependencies."""
    write(tmp_path, "vendor/a.go", "node_modules/x/a.js", "build/a.py")
    write(tmp_path, rules, content="*\n!*/\n!*.go\n!*.py\n!*.js\n!vendor/\n!/build/\n")
    assert found(tmp_path) == ["build/a.py", "vendor/a.go"]
    write(tmp_path, ".ragignore", content="!node_modules/\n")
    assert "node_modules/x/a.js" in found(tmp_path)


def test_single_files_are_asked_for(tmp_path: Path) -> None:
    """A line with a file's name overrules size, generated and minified code, but no secret."""
    large, marked = b"x = 1\n" * 170_000, "// @generated\nint x;\n"
    write(tmp_path, "schema.sql", content=large)
    write(tmp_path, "data.json", content=b'{"a": 1},\n' * 11_000)
    write(tmp_path, "api_pb2.py", "yarn.lock")
    write(tmp_path, "gen/api.c", content=marked)
    write(tmp_path, "wide.js", content=("x=1;" * 60 + "\n") * 20)
    write(tmp_path, "server.key", ".git/config")
    wanted = ["api_pb2.py", "data.json", "gen/api.c", "schema.sql", "wide.js", "yarn.lock"]
    assert found(tmp_path) == []
    write(tmp_path, ".ragignore", content="".join(f"!{path}\n" for path in [*wanted, "server.key", ".git/"]))
    assert [path for path in found(tmp_path) if path != ".ragignore"] == wanted
    assert skipped(tmp_path) == {"server.key": "secret", ".git/": "ignored"}


@pytest.mark.parametrize(
    "data", [b"", b"DIRC", b"DIRC" + b"\0\0\0\x02\xff\xff\xff\xff" + b"x" * 90, b"\0" * 400]
)
def test_a_broken_index_is_no_crash(tmp_path: Path, data: bytes) -> None:
    """An index that cannot be read counts as none."""
    write(tmp_path, ".git/HEAD", content="ref: refs/heads/main\n")
    write(tmp_path, ".git/index", content=data)
    write(tmp_path, "build/x.py", "x.py")
    assert found(tmp_path) == ["x.py"]


@given(st.binary(max_size=300), st.sampled_from([2, 3, 4]), st.integers(0, 9))
def test_any_bytes_are_an_index_or_none(data: bytes, version: int, count: int) -> None:
    """What follows the header of an index raises nothing but the errors that are expected."""
    with suppress(ValueError, IndexError, struct.error):
        parse_index(struct.pack(">4sII", b"DIRC", version, count) + data)
