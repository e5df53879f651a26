"""What an import statement names: the module, what is taken from it, and what it is called here."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import basename, splitext

EVERYTHING = "*"

MAX_BRACES = 100
"""Nested lists in one import; a statement with more is not read."""


@dataclass(frozen=True, slots=True)
class Import:
    """A name of this file that stands for something in another one."""

    module: str
    """As written, such as `shop.orders`, `./orders` or `crate::orders`."""
    name: str
    """What is taken from the module: a name, `EVERYTHING`, or "" where it is the module itself."""
    alias: str
    """What it is called here."""


def parse_import(text: str, language: str) -> list[Import]:
    """The imports of one statement; a statement in another form than the usual ones has none."""
    parse = _PARSERS.get(language)
    readable = parse is not None and text.count("{") <= MAX_BRACES
    return list(parse(" ".join(text.split()))) if parse and readable else []


def _python(text: str) -> Iterator[Import]:
    if match := re.match(r"from (\S+) ?import (.+)", text):
        for name, alias in _names(match[2].strip("() "), " as "):
            yield Import(match[1], name, alias)
    elif match := re.match(r"import (.+)", text):
        for module, alias in _names(match[1], " as "):
            yield Import(module, "", alias)


def _javascript(text: str) -> Iterator[Import]:
    source = re.search(r"""(?:from|import|require\() ?["']([^"']+)["']""", text)
    if not source:
        return
    head = re.sub(r"^import (?:type )?", "", text[: source.start()]).strip().rstrip("=").strip()
    if braces := re.search(r"\{([^}]*)\}", head):
        for name, alias in _names(braces[1].replace("type ", ""), r" as |:"):
            yield Import(source[1], name, alias)
    rest = re.sub(r"\{[^}]*\}", "", head)
    for part in filter(None, (part.strip() for part in rest.split(","))):
        whole = part.startswith("* as ") or "require" in text
        alias = part.removeprefix("* as ")
        # A default export has no name of its own; what it is called here is mostly its name there.
        yield Import(source[1], "" if whole else alias, alias)


def _go(text: str) -> Iterator[Import]:
    if match := re.match(r'(?:([\w.]+) )?["`](.+)["`]', text):
        last = basename(re.sub(r"/v\d+$", "", match[2]))
        if match[1] == ".":
            yield Import(match[2], EVERYTHING, EVERYTHING)
        else:
            yield Import(match[2], "", match[1] or last)


def _java(text: str) -> Iterator[Import]:
    if match := re.match(r"import (?:static )?([\w.]+)\.(\w+|\*) ?;?$", text):
        yield Import(match[1], match[2], match[2])


def _kotlin(text: str) -> Iterator[Import]:
    if match := re.match(r"import ([\w.]+)\.(\w+|\*)(?: as (\w+))?", text):
        yield Import(match[1], match[2], match[3] or match[2])


def _scala(text: str) -> Iterator[Import]:
    plain = re.sub(r"\b_(?=\W|$)", "*", re.sub(r" ?=> ?", " as ", text.removeprefix("import ")))
    yield from _tree(plain, ".")


def _swift(text: str) -> Iterator[Import]:
    yield Import(text.rpartition(" ")[2], EVERYTHING, EVERYTHING)


def _rust(text: str) -> Iterator[Import]:
    yield from _tree(re.sub(r"^(?:pub(?:\([^)]*\))? )?use |;$", "", text), "::")


def _php(text: str) -> Iterator[Import]:
    plain = re.sub(r"^use (?:function |const )?|;$", "", text)
    for part in [plain] if "{" in plain else plain.split(","):
        yield from _tree(part.strip().lstrip("\\"), "\\")


def _csharp(text: str) -> Iterator[Import]:
    if match := re.match(r"(?:global )?using (?:(\w+) = )?(?:static )?([\w.]+) ?;?$", text):
        module, _, name = match[2].rpartition(".")
        if match[1]:
            yield Import(module, name, match[1])
        else:
            yield Import(match[2], EVERYTHING, EVERYTHING)


def _included(text: str) -> Iterator[Import]:
    """A whole file, named by its path: C's include, Ruby's require, a shell's source."""
    if match := re.search(r"""["'<]([^"'<>]+)["'>]|(?:source|\.) (\S+)""", text):
        yield Import(splitext(match[1] or match[2])[0], EVERYTHING, EVERYTHING)


def _tree(text: str, separator: str, module: str = "") -> Iterator[Import]:
    """Rust's and PHP's nested lists: `a::{b, c::{d as e}}`."""
    head, brace, inner = text.partition("{")
    path, _, alias = (head.strip().removesuffix(separator) if brace else text.strip()).partition(" as ")
    place = separator.join(part for part in (module, path.strip()) if part)
    if brace:
        for part in _parts(inner.rpartition("}")[0]):
            yield from _tree(part, separator, place)
        return
    parent, _, name = place.removesuffix(f"{separator}self").rpartition(separator)
    if name:
        yield Import(parent, name, alias.strip() or name)


def _parts(text: str) -> Iterator[str]:
    """Split at the commas outside of braces."""
    depth, start = 0, 0
    for index, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == "," and not depth:
            yield text[start:index].strip()
            start = index + 1
    yield text[start:].strip()


def _names(text: str, separator: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, *alias = re.split(separator, part, maxsplit=1)
        yield name.strip(), (alias[0] if alias else name).strip()


_PARSERS: dict[str, Callable[[str], Iterator[Import]]] = {
    "bash": _included,
    "c": _included,
    "cpp": _included,
    "csharp": _csharp,
    "go": _go,
    "java": _java,
    "javascript": _javascript,
    "kotlin": _kotlin,
    "php": _php,
    "python": _python,
    "ruby": _included,
    "rust": _rust,
    "scala": _scala,
    "swift": _swift,
    "tsx": _javascript,
    "typescript": _javascript,
}
