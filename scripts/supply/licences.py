"""Writes docs/licences.md: the licence of every package in our images. One that is not allowed stops it."""

import sys
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from scripts.supply.lock import Locked, locked, shipped

PAGE = Path(__file__).parents[2] / "docs/licences.md"

ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Zlib",
    }
)
"""Licences that ask for no more than a notice, and MPL-2.0, which asks for changes of its own files only."""

NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""How packages without a licence expression (PEP 639) name theirs."""

HEAD = """# Licences

Written by `python -m scripts.supply.licences` from the metadata of the locked packages that are in our
images. A licence that is not on the list in that file, or not known, stops it and a test. The project's own
is [Apache-2.0](../LICENSE).

Beside them the images hold Debian and Python (`python:3.11-slim-bookworm`; Debian's notices are in
`/usr/share/doc/*/copyright`) and the model all-MiniLM-L6-v2 (Apache-2.0). Qdrant (Apache-2.0) is an image of
its own, as its makers ship it. `make sbom` lists all of it by version.

| package | licence | in |
|---|---|---|
"""


class NotAllowed(SystemExit):
    """A package has a licence that is forbidden or not known."""


def licence_of(name: str, found: PackageMetadata) -> str:
    """The licence of a package as an SPDX expression; raises NotAllowed if it is not allowed or not known."""
    expression = _first(found, "License-Expression") or _named(found)
    try:
        licence = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        raise NotAllowed(f"{name}: its licence is not known ({expression!r}): add it to NAMES.") from None
    if not _is_allowed(licence):
        raise NotAllowed(f"{name}: {licence} is not allowed: replace the package, or decide and add it.")
    return licence


def page() -> str:
    """The text of docs/licences.md."""
    users: dict[Locked, list[str]] = {}
    for lock in shipped():
        for package in locked(lock):
            users.setdefault(package, []).append(lock.stem.removesuffix("-openvino"))
    rows = [
        f"| {name} | {licence_of(name, metadata(name))} | {', '.join(users[package])} |"
        for package in sorted(users)
        for name in [package.name]
    ]
    return HEAD + "\n".join(rows) + "\n"


def _named(found: PackageMetadata) -> str:
    classifiers = found.get_all("Classifier") or []
    names = [_first(found, "License"), *(each for each in classifiers if each.startswith("License"))]
    known = [NAMES.get(name, name) for name in names]
    return next((name for name in known if _is_expression(name)), "\n".join(names)[:200])


def _first(found: PackageMetadata, field: str) -> str:
    return next(iter(found.get_all(field) or []), "")


def _is_expression(text: str) -> bool:
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return False
    return True


def _is_allowed(licence: str) -> bool:
    """Whether of each part that applies one choice is allowed; `licence` has no parentheses."""
    return all(
        any(choice.strip() in ALLOWED for choice in part.split(" OR ")) for part in licence.split(" AND ")
    )


def main() -> None:
    """Write the page; with --check only say whether it is as it should be."""
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        raise SystemExit("docs/licences.md is out of date: run python -m scripts.supply.licences.")


if __name__ == "__main__":
    main()
