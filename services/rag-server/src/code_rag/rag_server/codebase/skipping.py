"""Which files are not useful to index or must not be indexed, and why."""

from enum import StrEnum

from code_rag.rag_server.codebase.generated import has_generated_marker
from code_rag.rag_server.codebase.languages import DATA, PROSE, detect_language
from code_rag.rag_server.codebase.notebooks import ENDING as NOTEBOOK

MAX_BYTES = 1_000_000
MAX_WANTED_BYTES = 16_000_000
"""The limit for a file that `.ragignore` asks for by name, and for a notebook with its outputs."""
MAX_DATA_BYTES = 100_000
"""The limit for `languages.DATA`: JSON, CSV and XML."""


class Reason(StrEnum):
    """Why a file is not indexed."""

    IGNORED = "ignored"
    BUILD_OUTPUT = "build_output"
    VENDORED = "vendored"
    NESTED_REPOSITORY = "nested_repository"
    SECRET = "secret"  # noqa: S105 - a reason, not a password
    SYMLINK = "symlink"
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    BINARY = "binary"
    ENCODING = "encoding"
    INVALID_NOTEBOOK = "invalid_notebook"
    GENERATED = "generated"
    MINIFIED = "minified"
    UNREADABLE = "unreadable"
    SLOW = "slow"
    TOO_MANY_RULES = "too_many_rules"


NOT_NOW = frozenset({Reason.UNREADABLE, Reason.SLOW})
"""What says nothing about a file: what is indexed of it stays."""

OVERRULABLE = frozenset(
    {Reason.BUILD_OUTPUT, Reason.VENDORED, Reason.TOO_LARGE, Reason.GENERATED, Reason.MINIFIED}
)
"""What a line such as `!schema.sql` in `.ragignore` overrules, besides the rules of git."""


_MAX_LINE = 5_000
_MAX_MEAN_LINE = 200
_MIN_MINIFIED = 2_000


def is_too_large(path: str, size: int, limit: int) -> bool:
    """Whether a file of this size in bytes is left out; of a notebook most is output."""
    if path.lower().endswith(NOTEBOOK):
        return size > MAX_WANTED_BYTES
    return size > min(limit, MAX_DATA_BYTES) and (size > limit or detect_language(path) in DATA)


def text_reason(text: str, language: str) -> Reason | None:
    """Why a file is skipped because of its text; None if the text is fine."""
    if not text.strip():
        return Reason.EMPTY
    if has_generated_marker(text, language):
        return Reason.GENERATED
    return Reason.MINIFIED if language not in PROSE and _is_minified(text) else None


def _is_minified(text: str) -> bool:
    """Whether lines are far longer than people write, on average or in most of the text."""
    if len(text) < _MIN_MINIFIED:
        return False
    lengths = [len(line) for line in text.split("\n")]
    overlong = sum(length for length in lengths if length > _MAX_LINE)
    return len(text) > _MAX_MEAN_LINE * len(lengths) or 2 * overlong > len(text)
