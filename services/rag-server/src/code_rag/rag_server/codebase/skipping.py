"""Which files are not useful to index or must not be indexed, and why."""

import re
from collections.abc import Set
from enum import StrEnum
from pathlib import PurePosixPath

from code_rag.rag_server.codebase.languages import DATA, PROSE, detect_language

MAX_BYTES = 1_000_000
MAX_DATA_BYTES = 100_000
"""The limit for `languages.DATA`: JSON, CSV and XML."""


class Reason(StrEnum):
    """Why a file is not indexed."""

    IGNORED = "ignored"
    SECRET = "secret"  # noqa: S105 - a reason, not a password
    SYMLINK = "symlink"
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    BINARY = "binary"
    GENERATED = "generated"
    MINIFIED = "minified"
    UNREADABLE = "unreadable"


_NEVER_ENTERED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        ".jj",
        "CVS",
        "node_modules",
        "bower_components",
        "__pycache__",
        ".venv",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".gradle",
        ".terraform",
        ".cache",
        ".next",
        ".nuxt",
        ".svelte-kit",
        ".parcel-cache",
        ".turbo",
        ".yarn",
        ".pnpm-store",
        ".dart_tool",
    }
)
_MARKED_BY = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})

_SECRET_FOLDERS = frozenset({".aws", ".gnupg", ".kube", ".ssh"})
_SECRET_NAMES = frozenset(
    {
        ".netrc",
        "_netrc",
        ".pgpass",
        ".htpasswd",
        ".git-credentials",
        ".pypirc",
        ".npmrc",
        ".dockercfg",
        ".vault-token",
        "auth.json",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ecdsa_sk",
        "id_ed25519",
        "id_ed25519_sk",
        "credentials",
        "secrets",
    }
)
_SECRET_SUFFIXES = frozenset(
    {
        ".pem",
        ".key",
        ".p12",
        ".pfx",
        ".jks",
        ".keystore",
        ".gpg",
        ".ppk",
        ".kdbx",
        ".secret",
        ".secrets",
        ".tfstate",
    }
)
_SECRET_STEMS = frozenset({"credential", "credentials", "secret", "secrets"})
_CONFIG_SUFFIXES = frozenset(
    {
        ".json",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".properties",
        ".env",
        ".txt",
        ".xml",
    }
)
_SAMPLE_ENDINGS = (".example", ".sample", ".template", ".dist")

_LOCK_FILES = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "deno.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pipfile.lock",
        "pixi.lock",
        "cargo.lock",
        "go.sum",
        "composer.lock",
        "gemfile.lock",
        "mix.lock",
        "pubspec.lock",
        "podfile.lock",
        "flake.lock",
        "packages.lock.json",
        "gradle.lockfile",
        "package.resolved",
        ".terraform.lock.hcl",
    }
)
_GENERATED_NAME = re.compile(
    r".*(?:[._-]min\.(?:js|mjs|css)|\.map|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|_pb\.(?:js|d\.ts|rb)|\.g\.(?:dart|cs)|\.freezed\.dart|\.designer\.cs|\.gen\.\w+|\.generated\.\w+)"
)
_GENERATED_HEADER = re.compile(r"@generated\b|\bdo not edit\b|\bauto-?generated\b", re.IGNORECASE)
_HEADER_LINES = 5

_MAX_LINE = 5_000
_MAX_MEAN_LINE = 200
_MIN_MINIFIED = 2_000


def folder_reason(name: str) -> Reason | None:
    """Why a folder of this name is never entered; None if it may be."""
    if name in _SECRET_FOLDERS:
        return Reason.SECRET
    return Reason.IGNORED if name in _NEVER_ENTERED else None


def is_cache_or_environment(names: Set[str]) -> bool:
    """Whether a folder's listing shows a virtual environment or a cache (https://bford.info/cachedir/)."""
    return not _MARKED_BY.isdisjoint(names)


def name_reason(path: str) -> Reason | None:
    """Why a file is skipped because of its name; None if the name is fine."""
    name = PurePosixPath(path).name.lower()
    if _is_secret(name):
        return Reason.SECRET
    if name in _LOCK_FILES or _GENERATED_NAME.fullmatch(name):
        return Reason.GENERATED
    return None


def size_reason(path: str, size: int) -> Reason | None:
    """Why a file is skipped because of its size in bytes; None if the size is fine."""
    limit = MAX_DATA_BYTES if detect_language(path) in DATA else MAX_BYTES
    return Reason.TOO_LARGE if size > limit else None


def text_reason(text: str, language: str) -> Reason | None:
    """Why a file is skipped because of its text; None if the text is fine."""
    if not text.strip():
        return Reason.EMPTY
    header = text.split("\n", _HEADER_LINES)[:_HEADER_LINES]
    if any(_GENERATED_HEADER.search(line[:_MAX_LINE]) for line in header):
        return Reason.GENERATED
    return Reason.MINIFIED if language not in PROSE and _is_minified(text) else None


def _is_secret(name: str) -> bool:
    if name.endswith(_SAMPLE_ENDINGS):
        return False
    if name in _SECRET_NAMES or name == ".env" or name.startswith(".env."):
        return True
    path = PurePosixPath(name)
    return path.suffix in _SECRET_SUFFIXES or (path.stem in _SECRET_STEMS and path.suffix in _CONFIG_SUFFIXES)


def _is_minified(text: str) -> bool:
    """Whether lines are far longer than people write, on average or in most of the text."""
    if len(text) < _MIN_MINIFIED:
        return False
    lengths = [len(line) for line in text.split("\n")]
    overlong = sum(length for length in lengths if length > _MAX_LINE)
    return len(text) > _MAX_MEAN_LINE * len(lengths) or 2 * overlong > len(text)
