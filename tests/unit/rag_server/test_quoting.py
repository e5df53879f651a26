"""Quoting: which places are shown, which of their lines, and whether they answer."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidate, Chunk
from code_rag.rag_server.quoting import Quoter, Quotes
from code_rag.rag_server.quoting.places import Place
from code_rag.rag_server.quoting.regions import LINES, Regions
from code_rag.rag_server.quoting.rendering import render, title
from tests.unit.rag_server.answer_fakes import a_chunk, a_hit

QUESTION = "when does a voucher expire"
EXPIRY = a_chunk(
    "shop/vouchers.py", 10, "def expires(voucher):\n    return voucher.issued + YEAR", symbol="expires"
)
OTHER = a_chunk("shop/orders.py", 1, "def cancel(order):\n    return order", symbol="cancel")


def quotes_of(
    *chunks: Chunk, scores: Sequence[float] = (), question: str = QUESTION, nearby: Sequence[Candidate] = ()
) -> Quotes:
    """What is quoted of chunks that are hits with these scores, or 0.5, and are their whole files."""
    hits = [
        replace(a_hit(chunk, score), cosine=score)
        for chunk, score in zip(chunks, scores or [0.5] * len(chunks), strict=True)
    ]
    quoter = Quoter(question, dict.fromkeys(encode_query(question).indices, 2.0))
    files: dict[str, list[Chunk]] = {}
    for chunk in (*chunks, *(each.chunk for each in nearby)):
        files.setdefault(chunk.path, []).append(chunk)
    return quoter.quotes(quoter.places(hits, nearby), files)


def test_the_best_place_comes_first_with_its_lines() -> None:
    """The excerpt is the definition, numbered as in the file."""
    found = quotes_of(OTHER, EXPIRY, scores=(0.4, 0.6))

    first = found.excerpts[0]
    assert (first.path, first.symbol, first.shown) == ("shop/vouchers.py", "expires", ((10, 11),))
    assert found.state == "answered"


def test_a_place_far_below_the_best_is_not_shown() -> None:
    """Two good places are better than three of which one distracts."""
    assert [each.path for each in quotes_of(EXPIRY, OTHER, scores=(0.7, 0.1)).excerpts] == [EXPIRY.path]


def test_at_most_three_places_are_shown() -> None:
    """However many are good."""
    chunks = [a_chunk(f"shop/{name}.py", 1, f"voucher = expire({name})", symbol=name) for name in "abcdef"]

    assert len(quotes_of(*chunks).excerpts) == 3


def test_the_same_lines_count_once() -> None:
    """A copy in another file adds nothing."""
    copy = a_chunk("old/vouchers.py", 1, EXPIRY.text, symbol="expires")

    assert len(quotes_of(EXPIRY, copy).excerpts) == 1


@pytest.mark.parametrize(
    "path", ["CHANGELOG.md", "HISTORY.rst", "tests/test_vouchers.py", "shop.egg-info/PKG-INFO"]
)
def test_an_implementation_outranks_what_is_written_about_it(path: str) -> None:
    """Lists of changes, metadata and tests come after the code, even where they match a little better."""
    prose = a_chunk(path, 1, "When a voucher does expire: after a year", language="markdown")

    assert quotes_of(prose, EXPIRY, scores=(0.6, 0.55)).excerpts[0].path == EXPIRY.path


def test_a_chunk_that_the_search_did_not_find_may_answer() -> None:
    """All chunks of the first files are looked at."""
    missed = a_chunk("shop/orders.py", 40, "def lapse(voucher):\n    return voucher.expire()", symbol="lapse")

    found = quotes_of(OTHER, scores=(0.3,), nearby=[Candidate(missed, 0.0, 0.7)])

    assert found.excerpts[0].symbol == "lapse"


def test_an_excerpt_grows_within_its_definition_first() -> None:
    """What continues the definition is quoted before what only stands next to it."""
    lines = "\n".join("    step()" for _ in range(15))
    before = a_chunk("a.py", 1, "def other():\n" + lines, symbol="other")
    head = a_chunk("a.py", 20, "def expire(voucher):\n" + lines, symbol="expire")
    rest = replace(a_chunk("a.py", 36, lines), symbol="expire")

    assert quotes_of(head, before, rest, scores=(0.7, 0.4, 0.1)).excerpts[0].shown == ((20, 50),)


def test_the_signature_is_shown_above_the_lines_of_a_long_definition() -> None:
    """A reader sees what the lines belong to; nothing is quoted of what is between."""
    lines = "\n".join("    step()" for _ in range(50))
    head = a_chunk("a.py", 1, "def settle(order):\n" + lines, symbol="settle")
    middle = replace(a_chunk("a.py", 60, "    voucher.expire()"), symbol="settle")

    excerpt = quotes_of(
        middle, replace(head, text="def settle(order):\n" + lines), scores=(0.7, 0.0)
    ).excerpts[0]

    assert excerpt.shown == ((1, 1), (60, 60))
    assert render([excerpt]).split("\n")[2:] == [
        "```python",
        " 1| def settle(order):",
        "  ⋯",
        "60|     voucher.expire()",
        "```",
    ]


@pytest.mark.parametrize(
    ("question", "known", "opening"),
    [
        ("how are emus fed", "", "Not found in the indexed code. No indexed file has the word emus or fed."),
        (
            "can I cancel a shipped parcel",
            "cancel shipped parcel",
            "Not sure: nothing in the indexed code clearly answers this.",
        ),
    ],
)
def test_doubt_is_said_and_the_nearest_places_are_shown(question: str, known: str, opening: str) -> None:
    """An answer that is not sure says so, names the words that are nowhere, and still shows code."""
    idf = dict.fromkeys(encode_query(question).indices, 0.0)
    quoter = Quoter(question, idf | dict.fromkeys(encode_query(known).indices, 2.0))
    hit = replace(a_hit(OTHER, 0.35), cosine=0.3)

    found = quoter.quotes(quoter.places([hit], []), {OTHER.path: [OTHER]})

    assert found.opening == f"{opening} The nearest places:"
    assert [each.path for each in found.excerpts] == [OTHER.path]


def test_chunks_of_two_versions_of_a_file_are_never_joined() -> None:
    """A file that was indexed again meanwhile gives its chunk that was found, and nothing else."""
    newer = a_chunk(EXPIRY.path, 12, "def lapse():\n    ...", symbol="lapse", digest="d2")

    excerpt = Regions({EXPIRY.path: [newer]}, {}).around(Place(EXPIRY, 1.0, 1.0))

    assert excerpt is not None
    assert excerpt.shown == ((10, 11),)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.data())
def test_excerpts_of_a_file_do_not_overlap_and_stay_short(sizes: list[int], data: st.DataObject) -> None:
    """Each grows to at most LINES lines unless its own chunk is longer, and quotes the file's own text."""
    chunks, start = list[Chunk](), 1
    for size in sizes:
        chunks.append(a_chunk("a.py", start, "\n".join(f"line {start + n}" for n in range(size))))
        start += size
    regions = Regions({"a.py": chunks}, {})
    excerpts = [
        excerpt
        for at in data.draw(st.lists(st.integers(0, len(chunks) - 1), max_size=4))
        if (excerpt := regions.around(Place(chunks[at], 1.0, 1.0)))
    ]
    shown = sorted(run for excerpt in excerpts for run in excerpt.shown)

    assert all(one[1] < other[0] for one, other in pairwise(shown))
    assert all(last - first < max(LINES, *sizes) for first, last in shown)
    for excerpt in excerpts:
        for number, lines in excerpt.quoted():
            assert lines == tuple(f"line {number + n}" for n in range(len(lines)))


@pytest.mark.parametrize(
    ("symbol", "kind", "text"),
    [
        ("Order.cancel", "method", "Method `Order.cancel` in `shop/orders.py`"),
        ("", "lines", "Lines of `shop/orders.py`"),
        ("Order", "lines", "Part of `Order` in `shop/orders.py`"),
        ("Order", "", "`Order` in `shop/orders.py`"),
    ],
)
def test_a_title_says_what_the_excerpt_is(symbol: str, kind: str, text: str) -> None:
    """Kind, symbol and file, in one line."""
    excerpt = quotes_of(OTHER).excerpts[0]

    assert title(replace(excerpt, symbol=symbol, kind=kind)) == text


def test_the_comment_above_a_definition_is_quoted_with_it() -> None:
    """A chunk that is only a comment belongs to what follows; other code above a definition does not."""
    comment = a_chunk("a.go", 1, "// Lapse ends a voucher.\n// It is final.", language="go")
    head = a_chunk("a.go", 3, "func lapse() {}", symbol="lapse", language="go")

    assert quotes_of(head, comment, scores=(0.7, 0.1)).excerpts[0].shown == ((1, 3),)
    assert quotes_of(head, replace(comment, text="var a = 1\nvar b = 2"), scores=(0.7, 0.1)).excerpts[
        0
    ].shown == ((3, 3),)


def test_words_of_a_short_question_prove_little() -> None:
    """That a place has both of two words makes less sure than that it has all of eight."""
    text = "def send(mail):\n    queue.put(mail.address.host.port.user.name)"
    chunk = a_chunk("a.py", 1, text, symbol="send")

    assert quotes_of(chunk, scores=(0.36,), question="send mail").state == "unsure"
    long = "send mail by queue to address, host, port, user and name"
    assert quotes_of(chunk, scores=(0.36,), question=long).state == "answered"


def test_what_is_beside_a_definition_is_quoted_if_it_is_good_or_there_is_room() -> None:
    """A short definition is shown with what surrounds it, a longer one without."""
    short = a_chunk("a.py", 1, "def expire(voucher):\n    ...", symbol="expire")
    long = a_chunk("a.py", 1, "def expire(voucher):" + 25 * "\n    step()", symbol="expire")

    for head, beside, score, last in [(short, 4, 0.0, 5), (long, 28, 0.0, 26), (long, 28, 0.4, 29)]:
        other = a_chunk("a.py", beside, "def other():\n    ...", symbol="other")
        assert quotes_of(head, other, scores=(0.6, score)).excerpts[0].shown == ((1, last),)


def test_of_several_definitions_the_title_names_the_one_that_is_asked_for() -> None:
    """Small definitions share a chunk; the first is not always the subject."""
    text = "class Refused(Error): ...\n\n\nclass Expired(Error): ..."
    both = replace(a_chunk("errors.py", 1, text, symbol="Refused"), symbols=("Refused", "Expired"))

    assert title(quotes_of(both).excerpts[0]) == "`Expired` in `errors.py`"
    assert (
        title(quotes_of(both, question="when is it refused").excerpts[0])
        == "Function `Refused` in `errors.py`"
    )


def test_a_definition_that_is_quoted_has_no_other_signature_above_it() -> None:
    """Of overloads with one name only the one that is quoted is shown."""
    overload = a_chunk("a.py", 1, "def expire(voucher: str):" + 30 * "\n    ...", symbol="expire")
    found = a_chunk("a.py", 60, "def expire(voucher):" + 30 * "\n    step()", symbol="expire")

    assert quotes_of(found, overload, scores=(0.7, 0.0)).excerpts[0].shown == ((60, 90),)
