"""The git repository that a folder belongs to, and the rules that it has for what lies below."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from code_rag.rag_server.codebase.git_index import read_tracked
from code_rag.rag_server.codebase.ignoring import Rules, last_match, parse_attributes, parse_ignore
from code_rag.rag_server.codebase.reading import read_regular_file

GENERATED_ATTRIBUTE = "linguist-generated"

_MAX_POINTER = 4096


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree, the folder with its index, and the folder that it shares with its linked work trees."""

    top: Path
    git_dir: Path
    common_dir: Path

    def tracks(self, path: str, is_folder: bool) -> bool:
        """Whether git tracks the file, or a file in the folder, at `path`, which is relative to the top."""
        tracked = read_tracked(self.git_dir, self.common_dir)
        return path in (tracked.folders if is_folder else tracked.files)


@dataclass(frozen=True, slots=True)
class RulesAbove:
    """What applies to a folder from outside of it; strongest first."""

    repository: Repository | None = None
    prefix: str = ""
    """The way from the repository's top to the folder: empty, or ending in a slash."""
    ignore: tuple[Rules, ...] = ()
    generated: tuple[Rules, ...] = ()


def repository_at(folder: Path) -> Repository | None:
    """The repository whose top is `folder`: a clone, a linked work tree or a submodule; or None."""
    marker = folder / ".git"
    if (marker / "HEAD").is_file():
        return Repository(folder, marker, marker)
    pointer = read_rules(marker)[:_MAX_POINTER].decode(errors="surrogateescape").strip()
    if not pointer.startswith("gitdir:") or "\0" in pointer:
        return None
    git_dir = Path(os.path.normpath(folder / pointer.removeprefix("gitdir:").strip()))
    shared = read_rules(git_dir / "commondir")[:_MAX_POINTER].decode(errors="surrogateescape").strip("\0\n ")
    return Repository(folder, git_dir, Path(os.path.normpath(git_dir / shared)))


def rules_above(root: Path, user_excludes: Path | None) -> RulesAbove:
    """The rules of the repository around `root`, and the user's own.

    A repository that ignores `root` and tracks nothing in it does not count: who indexes such a folder
    wants what is in it.
    """
    real = Path(os.path.realpath(root))
    tops = (repository_at(folder) for folder in (real, *real.parents))
    repository = next((top for top in tops if top), None)
    without = RulesAbove(ignore=_excludes(None, user_excludes, ""))
    return (_rules_between(repository, real, user_excludes) or without) if repository else without


def rules_of_nested(repository: Repository, folder: str, user_excludes: Path | None) -> RulesAbove:
    """The rules for the repository at `folder`, a path in the codebase that ends in a slash."""
    return RulesAbove(repository, "", _excludes(repository, user_excludes, folder))


def _rules_between(repository: Repository, root: Path, user_excludes: Path | None) -> RulesAbove | None:
    parts = root.relative_to(repository.top).parts
    prefix = "".join(f"{part}/" for part in parts)
    ignore = _excludes(repository, user_excludes, "")
    generated: tuple[Rules, ...] = ()
    for depth in range(len(parts)):
        folder = "".join(f"{part}/" for part in parts[:depth])
        origin = "../" * (len(parts) - depth)
        patterns = parse_ignore(read_rules(repository.top / folder / ".gitignore"))
        ignore = (Rules(folder, patterns, origin + ".gitignore"), *ignore)
        attributes = parse_attributes(
            read_rules(repository.top / folder / ".gitattributes"), GENERATED_ATTRIBUTE
        )
        generated = (Rules(folder, attributes, origin + ".gitattributes"), *generated)
        inner = "/".join(parts[: depth + 1])
        found = last_match(ignore, inner, is_folder=True)
        if found and found[1].include and not repository.tracks(inner, is_folder=True):
            return None
    return RulesAbove(repository, prefix, _from_root(ignore, prefix), _from_root(generated, prefix))


def _from_root(rules: tuple[Rules, ...], prefix: str) -> tuple[Rules, ...]:
    return tuple(replace(one, folder="", prefix=prefix[len(one.folder) :]) for one in rules)


def _excludes(repository: Repository | None, user_excludes: Path | None, folder: str) -> tuple[Rules, ...]:
    rules: tuple[Rules, ...] = ()
    if repository:
        content = read_rules(repository.common_dir / "info/exclude")
        rules = (Rules(folder, parse_ignore(content), ".git/info/exclude"),)
    if user_excludes:
        content = read_rules(
            Path(os.path.realpath(user_excludes))
        )  # people link it to where they keep such files
        rules = (*rules, Rules(folder, parse_ignore(content), str(user_excludes)))
    return rules


def find_user_excludes(home: Path, config_home: Path, git_config: Path | None = None) -> Path:
    """The user's own ignore file: git's setting `core.excludesFile`, or where git looks without one."""
    for config in (git_config,) if git_config else (home / ".gitconfig", config_home / "git/config"):
        try:
            value = _excludes_file(config.read_text(errors="surrogateescape"))
        except OSError:
            continue
        if value:
            return home / value[2:] if value.startswith("~/") else Path(os.path.normpath(home / value))
    return config_home / "git/ignore"


def _excludes_file(config: str) -> str:
    section, value = "", ""
    for line in config.splitlines():
        if header := re.match(r"\s*\[\s*([^\]\s]+)\s*\]", line):
            section = header[1].lower()
        elif section == "core" and (
            found := re.match(r"\s*excludesfile\s*=\s*([^#;]*)", line, re.IGNORECASE)
        ):
            value = found[1].strip().strip('"')
    return value


def read_rules(path: Path) -> bytes:
    """The content of a rule file; empty if there is none, or none that is a regular file."""
    try:
        return read_regular_file(path)
    except OSError:
        return b""
