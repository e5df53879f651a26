"""Ignore rules: the same files as git, on any tree and the patterns that people write."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.rag_server.codebase.ignoring import Rules, last_match, parse_attributes, parse_ignore
from code_rag.rag_server.codebase.skipping import Reason
from code_rag.rag_server.codebase.walking import walk

NAMES = ["a", "b", "ab", "a.c", "b.c", "foo bar", "[x]"]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
GLOBS = st.one_of(
    st.sampled_from(["*", "**", "a*", "*b", "*.c", "?", "a?", r"foo\ bar", "***", "a**b", "*?", "*a*"]),
    st.sampled_from(
        ["[ab]", "[!a]", "[a-c].c", r"\[x\]", "[^b]", "[[:alpha:]]", "[]x]", "[a", "[!]]", "a\\"]
    ),
    st.sampled_from(NAMES),
)
PATTERNS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(GLOBS, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", "/**", "/*"]),
    st.sampled_from(["", "", " ", "\r"]),
)
RULE_FILES = st.dictionaries(
    st.sampled_from(["", "a/", "b/", "a/b/", "ab/"]), st.lists(PATTERNS, min_size=1, max_size=5), max_size=3
)


def git_files(root: Path) -> set[str]:
    """The files git would add, by its own rules and no configuration of the machine."""
    no_configuration = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "XDG_CONFIG_HOME": str(root),
    }
    environment = {**os.environ, **no_configuration}
    command = ["git", "-C", str(root), "ls-files", "-o", "-z", "--exclude-standard"]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, timeout=20).stdout
    return set(output.decode().split("\0")) - {""}


def found_files(root: Path) -> set[str]:
    """The files discovery does not skip as ignored."""
    return {entry.path for entry in walk(root) if getattr(entry, "reason", None) is not Reason.IGNORED}


def decision(rules: list[Rules], path: str) -> bool | None:
    """Whether the last pattern that matches a file includes it; None if none matches."""
    found = last_match(rules, path, is_folder=False)
    return found[1].include if found else None


def write(root: Path, path: str, text: str) -> None:
    """Create a file with its folders unless a folder or file is in the way."""
    target = root / path
    if not any(parent.is_file() for parent in target.parents) and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")


@pytest.mark.skipif(shutil.which("git") is None, reason="git, the judge of this test, is not installed")
@settings(max_examples=60)
@given(paths=st.sets(PATHS, max_size=12), rules=RULE_FILES, exclude=st.lists(PATTERNS, max_size=2))
def test_the_same_files_as_git(paths: set[str], rules: dict[str, list[str]], exclude: list[str]) -> None:
    """For any tree, nested ignore files and excludes, discovery lists what git lists."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run(["git", "init", "-q", "--template=", folder], check=True, timeout=20)
        write(root, ".git/info/exclude", "\n".join(exclude))
        for place, patterns in rules.items():
            write(root, f"{place}.gitignore", "\n".join(patterns))
        for path in sorted(paths):
            write(root, path, "x")
        assert found_files(root) == git_files(root)


@given(st.binary())
def test_any_bytes_are_rules(content: bytes) -> None:
    """No content of an ignore or attributes file is an error."""
    rules = [Rules("", parse_ignore(content)), Rules("", parse_attributes(content, "linguist-generated"))]
    assert decision(rules, "some/path") in {True, False, None}


@pytest.mark.parametrize(
    ("attributes", "path", "expected"),
    [
        ("*.go linguist-generated", "api/x.go", True),
        ("*.go linguist-generated=true", "x.go", True),
        ("gen/** text linguist-generated", "gen/deep/x.go", True),
        ("*.go linguist-generated\n/api/*.go -linguist-generated", "api/x.go", False),
        ("*.go linguist-generated\n/api/*.go linguist-generated=false", "api/x.go", False),
        ("*.go linguist-generated\r\n", "x.go", True),
        ("*.go text=auto", "x.go", None),
        ("gen/ linguist-generated", "gen/x.go", None),
        ("# *.go linguist-generated", "x.go", None),
        ("", "x.go", None),
    ],
)
def test_attributes_mark_generated_files(attributes: str, path: str, expected: bool | None) -> None:
    """The last line that matches a file and names the attribute decides whether it is set."""
    rules = [Rules("", parse_attributes(attributes.encode(), "linguist-generated"))]
    assert decision(rules, path) is expected


HOSTILE = {
    "stars": "*a" * 30 + "b",
    "stars in a path": "/" + "*a" * 30 + "/b",
    "many folders": "/**/a*a*a" * 40 + "/b",
    "a million characters": "*a" * 500_000,
    "a million of one letter": "x" * 1_000_000 + "*",
    "open brackets": "[a" * 500_000,
    "open classes": "[[:alpha:" * 100_000,
    "backslashes": "\\" * 1_000_000,
    "folders": "*/" * 500_000,
    "names": "\n".join(f"name{number:030}" for number in range(30_000)),
    "endings": "\n".join(f"*{'a' * (number % 900)}{number}" for number in range(2_000)),
    "rules with wildcards": "\n".join(f"*a{number}*a*b" for number in range(70_000)),
}


@pytest.mark.parametrize("rules", HOSTILE.values(), ids=HOSTILE)
def test_no_rules_hang_the_walk(rules: str) -> None:
    """A megabyte of patterns, each of the worst kind, decides about 200 long paths in seconds of CPU time."""
    started = time.process_time()
    hostile = [Rules("", parse_ignore(rules.encode()))]
    for number in range(100):
        decision(hostile, "a" * 250 + str(number))
        decision(hostile, f"{'a' * 200}/" * 15 + str(number))
    assert time.process_time() - started < 5


def test_too_many_wildcards_are_reported() -> None:
    """Only the first thousand patterns with wildcards apply, and the file says that there are more."""
    many = parse_ignore("\n".join(f"a*{number:04}?" for number in range(1_001)).encode())
    few = parse_ignore("\n".join([f"name{number}" for number in range(9_000)] + ["*.log", "a*b"]).encode())
    assert (many.overflows, few.overflows) == (True, False)
    assert decision([Rules("", many)], "ax0999x") is True
    assert decision([Rules("", many)], "ax1000x") is None


@pytest.mark.parametrize(
    ("pattern", "specific"),
    [
        ("schema.sql", True), ("/gen/*.py", True), ("*_pb2.py", True), ("*.min.js", True), ("vendor/", True),
        ("*.py", False), ("*/", False), ("*", False), ("**", False), ("**/*.ts", False),
    ],
)  # fmt: skip
def test_broad_patterns_ask_for_nothing_by_name(pattern: str, specific: bool) -> None:
    """A pattern that only names a file ending, or nothing, is not a request for single files."""
    found = last_match(
        [Rules("", parse_ignore(f"!{pattern}".encode()))], MATCHED[pattern], pattern[-1] == "/"
    )
    assert found is not None
    assert found[1].is_specific is specific


MATCHED = {
    "schema.sql": "db/schema.sql", "/gen/*.py": "gen/a.py", "*_pb2.py": "a/x_pb2.py", "*.min.js": "x.min.js",
    "vendor/": "vendor", "*.py": "a.py", "*/": "a", "*": "a", "**": "a", "**/*.ts": "x/a.ts",
}  # fmt: skip
