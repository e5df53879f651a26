"""What a README says first, and its sections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.overview.prose import introduction, sections, shown_rows

SAYS = "Shop sells things for the home. It is everything\nbetween the button and the parcel."
LISTS = "It has these two parts:"
SELLS = "Shop sells all the things."
BADGES = """\
<h1 align="center">
  <img src="logo.svg"
       alt="A logo of the shop that sells everything">
</h1>

[![Build](https://ci.example/badge.svg)](https://ci.example) [![PyPI](https://a.example/b.svg)](https://b.example)
[Documentation](https://docs.example) | [Changes](https://changes.example)

# Shop

<!-- A comment that says a lot of words. -->
Shop sells things for the home. It is everything
between the button and the parcel.

## Usage

Run it.
"""


def first_lines(path: str, text: str) -> str:
    """The introduction as text."""
    lines = text.split("\n")
    return "\n".join("\n".join(lines[first : last + 1]) for first, last in introduction(path, lines))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("README.md", BADGES, SAYS),
        ("README.md", f"# Shop\n\n{LISTS}\n\n- api\n- web\n", f"{LISTS}\n- api\n- web"),
        ("README.md", f"# Shop\n\n```\nmake it run now please\n```\n\n<b>{SELLS}</b>\n", f"<b>{SELLS}</b>"),
        ("README.rst", f"Shop\n====\n\n.. image:: a.png\n   :alt: words that say little\n\n{SELLS}", SELLS),
        ("PKG-INFO", f"Metadata-Version: 2.1\nSummary: It sells all the things.\n\n{SELLS}\n", SELLS),
        ("README.md", "# Shop\n\nTODO\n", ""),
    ],
)  # fmt: skip
def test_the_introduction_is_the_first_prose(path: str, text: str, expected: str) -> None:
    """Logos, badges, links, comments, code and metadata come before it, and are left out."""
    assert first_lines(path, text) == expected


def test_sections_of_restructured_text_have_levels() -> None:
    """Each style of underline is a level; a section ends where one as wide starts."""
    text = "Shop\n====\n\nText.\n\nUse\n---\n\nRun.\n\nTest\n----\n\nTry."

    found = [
        (each.title, each.level, each.first, each.end) for each in sections("README.rst", text.split("\n"))
    ]

    assert found == [("Shop", 1, 0, 14), ("Use", 2, 5, 10), ("Test", 2, 10, 14)]


def test_a_title_is_read_without_markup() -> None:
    """Links, code and pictures in a heading are not part of its words."""
    (section,) = sections("README.md", ["## [`Configuration`](#config) ![](a.png)", "", "Text."])

    assert (section.title, section.level) == ("Configuration", 2)


@given(st.text(st.sampled_from("ab <>[](){}!#=-`|.:/\n"), max_size=200), st.sampled_from(["a.md", "a.rst"]))
def test_rows_stay_inside_the_file(text: str, path: str) -> None:
    """Whatever a document holds, what is shown of it is lines of it, in order."""
    lines = text.split("\n")

    shown = introduction(path, lines) + [shown_rows(lines, each) for each in sections(path, lines)]

    assert all(0 <= first <= last < len(lines) for first, last in shown)
