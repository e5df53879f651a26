"""What of a model's answer reaches people."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from code_rag.rag_server.screening import Screen
from code_rag.servicekit.wire.evidence import Block

KNOWN = "https://known.example/a"
BLOCKS = [Block(n, f"a/f{n}.py", 10, ("x = 1", f"# see {KNOWN}", "y = 2")) for n in (1, 2, 3)]
ACTIVE = {"link_open", "image", "html_inline", "html_block"}
LINKED = re.compile(r"(?:https?|ftp)://|www\.", re.IGNORECASE)
PIECES = st.sampled_from(
    [
        "`", "``", "```", "~~~", "\n", "\r", " ", "    ", "- ", "> ", "1. ", "# ", "|", "***", "_", "=",
        "---",
        "<img src=http://e.vil>", "<b>", "</b>", "<!--", "-->", "<", "[a]", "![", "](", "(http://e.vil)",
        "(",
        "http://e.vil", "www.e.vil", "http", "://", ":", "\\", "\\`", "\\:", "\\<", "&#96;", "&lt;",
        "&colon;",
        "&", "amp;", "[1]", "[9]", "【1】", "[1:10-11]", "`[1:10]`", "[1] a/f1.py:10-12", "[x]: /u", "[1]: u",
        "[x]", "a", "é", "한", "markdown", KNOWN,
    ]
)  # fmt: skip
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def screened(answer: str, size: int = 10_000) -> tuple[str, Screen]:
    """The answer as it is shown when it arrives in pieces of `size` characters."""
    screen = Screen(BLOCKS)
    pieces = (answer[at : at + size] for at in range(0, len(answer), size))
    return "".join(map(screen.feed, pieces)) + screen.finish(), screen


def active(tokens: list[Token]) -> list[Token]:
    """What of parsed Markdown would be a link, an image, HTML, or text that readers turn into a link."""
    found = [t for t in tokens if t.type in ACTIVE or (t.type == "text" and LINKED.search(t.content))]
    return found + [each for token in tokens if token.children for each in active(token.children)]


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_nothing_active_passes_however_it_arrives(answer: str) -> None:
    """Markdown's own parser finds no link, image or HTML, and the pieces do not matter."""
    shown, _ = screened(answer)

    assert active(MARKDOWN.parse(shown)) == []
    assert screened(answer, 1)[0] == shown
    assert screened(answer, 3)[0] == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("so [1].", "so [1]."),
        ("so [1, 3].", "so [1, 3]."),
        ("so [1][2].", "so [1][2]."),
        ("so 【1】.", "so [1]."),
        ("so【1†source】.", "so [1]."),
        ("so [1:4-9] [1:4-4].", "so [1:4-9] [1:4]."),
        ("so [1:4–9, 12-15].", "so [1:4-9, 1:12-15]."),
        ("so [block 1] [Block 1, lines 4-9] [1:L4-L9].", "so [1] [1:4-9] [1:4-9]."),
        ("so `[1:10-11]`.", "so [1:10-11]."),
        ("is cached[1]. Then", "is cached [1]. Then"),
        ("취소한다[2].", "취소한다 [2]."),
        ("[1]: it is so", "[1] : it is so"),
        ("```\n[1] a/f1.py:10-12 (x) python\nx = 1\n```", "```\nx = 1\n```\n\n[1:10-12]"),
        ("```markdown\nso [1]\n```", "so [1]\n"),
    ],
)
def test_markers_come_out_in_one_form(written: str, shown: str) -> None:
    """Each way in which models write a marker is read, in code blocks that hold a block's header too."""
    assert screened(written)[0].rstrip("\n") == shown.rstrip("\n")


@pytest.mark.parametrize(
    "text",
    ["rows[0] and rows[1].name", "rows[0][1] is", "`a[1]` and `[1]`", "```\na = [1]\n```", "[x] [1-2] []"],
)
def test_other_brackets_stay(text: str) -> None:
    """An index, brackets in code and what is no marker are left as they are."""
    assert screened(text)[0] == text


def test_lines_of_another_block_are_cited_there() -> None:
    """A marker with the wrong number and the lines of exactly one block is of that block."""
    blocks = [Block(1, "a.py", 10, ("x",) * 5), Block(2, "b.py", 40, ("y",) * 5)]
    screen = Screen(blocks)

    assert (
        screen.feed("so [1:41-42], [1:12] and [1:99] ") + screen.finish()
        == "so [2:41-42], [1:12] and [1:99] "
    )


def test_an_invented_citation_is_removed_and_counted() -> None:
    """A block that is not there is not cited, with the space before it, and those that are there stay."""
    shown, screen = screened("one [9], two [1, 8] [7]")

    assert shown == "one, two [1]"
    assert screen.removals.citations == 3
    assert list(screen.removals.notes()) == [
        ("invented citation", "removed 3 citations of places that the model was not shown")
    ]


@pytest.mark.parametrize(
    ("written", "shown", "links"),
    [
        ("![a](http://e.vil/?q=1)", "![a] (link removed)", 1),
        ("[a](https://e.vil)", "[a] (link removed)", 1),
        ("<http://e.vil>", "\\<(link removed)>", 1),
        ('<img src="http://e.vil/x">', '\\<img src="(link removed)">', 1),
        ("[a]: http://e.vil", "[a] : (link removed)", 1),
        ("http&#58;//e.vil http\\://e.vil WWW.e.vil", "(link removed) (link removed) (link removed)", 3),
        ("```html\n<img src='http://e.vil/x'>\n```", "```html\n<img src='(link removed)'>\n```", 1),
        (f"see {KNOWN}, yes", f"see `{KNOWN}`, yes", 0),
        (f"![a]({KNOWN})", f"![a] (`{KNOWN}`)", 0),
        (f"{KNOWN}?secret=1", "(link removed)", 1),
        ("open http://localhost:8000/", "open `http://localhost:8000/`", 0),
        ("http://localhost@e.vil http://localhost.e.vil", "(link removed) (link removed)", 2),
    ],
)
def test_links_and_images_do_not_pass(written: str, shown: str, links: int) -> None:
    """A URL is removed, or stays as code where the model was shown it; nothing is left that acts."""
    assert (screened(written)[0], screened(written)[1].removals.links) == (shown, links)


def test_a_question_of_the_models_own_ends_the_answer() -> None:
    """What a model writes after it has started to play the user is left out."""
    shown, screen = screened("It is so [1].\nQuestion: and now?\nObey [1].", 2)

    assert shown == "It is so [1].\n"
    assert list(screen.removals.notes()) == [
        ("text after the answer", "removed what the model wrote after its answer")
    ]


def test_words_are_shown_as_they_come() -> None:
    """Only the last word waits: a long paragraph is not held back."""
    screen = Screen(BLOCKS)

    assert screen.feed("The order is cancelled whe") == "The order is cancelled"
    assert screen.feed("n it") == " when"


@pytest.mark.parametrize(
    "piece", ["a", ":", "[", "`", "``` ", "<", "&", "\\", "【", "[1", "http://", "~", "- "]
)
def test_a_flood_takes_linear_time(piece: str) -> None:
    """Repetition of what could start something is screened, and none of it is lost in a loop."""
    screened(piece * 10_000, 500)
