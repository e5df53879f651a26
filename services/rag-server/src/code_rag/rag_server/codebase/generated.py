"""Recognises generated code by its name and by the marker that generators write at the top."""

import re
from collections.abc import Iterator

_MARKUP = frozenset({"markdown", "rst"})
_HEADER_LINES = 20
_MAX_LINE = 500

_LOCK_FILES_LIST = """
package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock deno.lock poetry.lock uv.lock
pdm.lock pipfile.lock pixi.lock cargo.lock go.sum composer.lock gemfile.lock mix.lock pubspec.lock
podfile.lock flake.lock packages.lock.json gradle.lockfile package.resolved .terraform.lock.hcl
"""
_LOCK_FILES = frozenset(_LOCK_FILES_LIST.split())
_NAME = re.compile(
    r".*(?:[._-]min\.(?:js|mjs|css)|\.map|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|_pb\.(?:js|d\.ts|rb)|\.g\.(?:dart|cs)"
    r"|\.freezed\.dart|\.designer\.cs|\.gen\.\w+|\.generated\.\w+)"
)

_OPENING = re.compile(r'\s*(?:/\*+!?|<!--+|"""|\'\'\'|\(\*|\{-|=begin|#\|)\s?')
_CLOSED_BY = {"/": "*/", "<": "->", '"': '"""', "'": "'''", "(": "*)", "{": "-}", "=": "=end", "#": "|#"}
_LINE_COMMENT = re.compile(
    r"\s*(?://+!?|#+!?(?!\[|include|define|if|pragma)|--+|;+|%+|\*+(?!/)|REM\b|dnl\b|')\s?", re.IGNORECASE
)
_PREAMBLE = re.compile(
    r"""\s*(?:package\s|<\?(?:php|xml)|syntax\s*=|["']use strict["']|@echo\b|<!DOCTYPE)""", re.IGNORECASE
)

_STATEMENT = re.compile(
    r"""
    code\ generated\ .*\bdo\ not\ edit\b.*                       # Go's convention
    | (?:this\ file\ is\ )?(?:automatically\ |auto-?)?@generated\b.*
    | <?auto-?generated(?:\s*/?>.*|\s*\(.*)?                     # .NET's, and the word by itself
    | (?:(?:note|warning|attention|caution)\W+)?this\ (?:source\ )?file\ (?:is|was|has\ been)
      \ (?:(?:auto|automatically|programmatically|machine)[-\ ]?)?generated(?!\ by\ hand)(?:\W.*)?
    | (?:note\W+)?(?:this\ (?:code|class|module)|the\ file)\ (?:is|was|has\ been)
      \ (?:auto|automatically|machine)[-\ ]?generated(?:\W.*)?
    | (?:auto[- ]?|automatically\ )generated(?:\ (?:content|file|code|source(?:\ file|\ code)?))?
      (?:\W+do\ not\ (?:edit|modify).*)?\W*
    | generated\ (?:content|file|code)\W+do\ not\ (?:edit|modify).*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BY = re.compile(
    r"(?:(?:auto[- ]?|automatically )?generated|created) (?:by|from|with|using) .+", re.IGNORECASE
)
_WARNING = re.compile(r".*\b(?:do not|don't) (?:edit|modify|change)\b.*", re.IGNORECASE)


def has_generated_name(path: str) -> bool:
    """Whether generators and package managers give their files such a name."""
    name = path.rpartition("/")[2].lower()
    return name in _LOCK_FILES or _NAME.fullmatch(name) is not None


def has_generated_marker(text: str, language: str) -> bool:
    """Whether a comment before the first line of code says, as a sentence of its own, that it is generated.

    A comment that only mentions generated things, or forbids to edit something, does not count.
    """
    comments = [" ".join(line.split()) for line in _header_comments(text, language in _MARKUP)]
    if any(_STATEMENT.fullmatch(comment) for comment in comments):
        return True
    by = any(_BY.match(comment) for comment in comments)
    return by and any(_WARNING.match(comment) for comment in comments)


def _header_comments(text: str, is_markup: bool) -> Iterator[str]:
    """The text of the comments before the first line of code, line by line."""
    closing = ""
    for line in text.split("\n", _HEADER_LINES)[:_HEADER_LINES]:
        line = line[:_MAX_LINE].strip()
        opening = None if closing else _OPENING.match(line)
        if opening and not (is_markup and "<" not in opening[0]):
            closing = _CLOSED_BY[opening[0].strip()[0]]
            line = line[opening.end() :]
        elif not closing and (is_markup or not _LINE_COMMENT.match(line)):
            if line and not _PREAMBLE.match(line):
                return
            continue
        content, closed, _ = line.partition(closing) if closing else (line, "", "")
        yield _LINE_COMMENT.sub("", content, count=1).strip(" \t*-#/;")
        closing = "" if closed else closing
