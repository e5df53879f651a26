"""Every package in the images has a licence that is known and allowed."""

from email.message import Message
from importlib.metadata import PackageMetadata
from typing import cast

import pytest

from scripts.supply.licences import PAGE, NotAllowed, licence_of, page
from scripts.supply.lock import locked, shipped


def package(**headers: str) -> Message:
    """The metadata of a package; `_` in a name is a hyphen."""
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def licence(**headers: str) -> str:
    """The licence in such metadata."""
    return licence_of("a", cast(PackageMetadata, package(**headers)))


def test_the_page_is_what_is_locked() -> None:
    """docs/licences.md lists each package of the images, with a licence that is allowed."""
    assert PAGE.read_text() == page()
    assert len(locked(*shipped())) == page().count("\n| ") - 1


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"License_Expression": "MIT OR GPL-3.0-only"}, "MIT OR GPL-3.0-only"),
        ({"License": "MIT License"}, "MIT"),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "a\nlong\ntext", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
    ],
)
def test_licences_are_found(headers: dict[str, str], expected: str) -> None:
    """In the expression, the field or the classifier, whichever the package has."""
    assert licence(**headers) == expected


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"License_Expression": "GPL-3.0-only"}, "GPL-3.0-only is not allowed"),
        ({"License_Expression": "MIT AND AGPL-3.0-only"}, "is not allowed"),
        ({"License_Expression": "MIT AND (MIT OR ISC)"}, "is not allowed"),
        ({"License": "my own"}, "is not known"),
        ({}, "is not known"),
    ],
)
def test_others_stop_it(headers: dict[str, str], message: str) -> None:
    """One that is not on the list, or that nobody can name, is an error with the package's name."""
    with pytest.raises(NotAllowed, match=f"^a: .*{message}"):
        licence(**headers)
