"""Ranking the candidates of a search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidate, Candidates, Hit
from code_rag.rag_server.ranking import RULES, rank
from code_rag.rag_server.ranking.copies import collapse
from code_rag.rag_server.ranking.files import LATER, file_shares, later_factors
from tests.unit.rag_server.answer_fakes import a_candidate, a_chunk, a_hit

PATHS = ("shop/orders.py", "tests/test_orders.py", "docs/orders.md", "api/v1/orders.ts", "api/v2/orders.ts")
TEXTS = st.sampled_from(["def cancel(): ...", "def pay(): ...", "# nothing"])


@st.composite
def found(draw: st.DrawFn) -> Candidates:
    """Chunks as a store may find them, with any scores."""
    places = draw(st.lists(st.tuples(st.sampled_from(PATHS), st.integers(1, 50)), unique=True))
    bm25 = st.floats(0, 50)
    cosine = st.none() | st.floats(-1, 1)
    chunks = [
        a_chunk(path, start, draw(TEXTS), symbol=draw(st.sampled_from(["", "cancel"])))
        for path, start in places
    ]
    return Candidates(
        tuple(a_candidate(chunk, draw(bm25), draw(cosine)) for chunk in chunks), {1: 2.0, 2: 0.0}
    )


def of(*candidates: Candidate, query: str) -> list[Hit]:
    """The hits for a query each of whose terms has the idf 2."""
    return rank(query, Candidates(candidates, dict.fromkeys(encode_query(query).indices, 2.0)))


def order(hits: list[Hit]) -> list[str]:
    return [hit.chunk.path for hit in hits]


def alike(path: str, text: str = "", symbol: str = "") -> Candidate:
    """A candidate with the same evidence as all others made here, and a text of its own."""
    return a_candidate(
        a_chunk(path, text=text or f"def of_{path}(): ...", symbol=symbol), bm25=3.0, cosine=0.4
    )


@given(found(), st.sampled_from(["cancel", "cancel_order", "how are orders cancelled", "test orders", "?"]))
def test_the_parts_of_a_score_add_up_to_it(candidates: Candidates, query: str) -> None:
    """Every hit has a score from 0 to 1 that is the sum of its parts, and hits come best first."""
    hits = rank(query, candidates)

    for hit in hits:
        assert 0 <= hit.score < 1
        assert sum(hit.explanation.values()) == pytest.approx(hit.score, abs=1e-9)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@given(found())
def test_every_candidate_is_a_hit_or_a_copy_of_one(candidates: Candidates) -> None:
    """No candidate gets lost, and none appears twice."""
    hits = rank("cancel orders", candidates)

    places = [(hit.chunk.path, hit.chunk.start_line) for hit in hits]
    places += [(copy.path, copy.start_line) for hit in hits for copy in hit.copies]
    assert sorted(places) == sorted((each.chunk.path, each.chunk.start_line) for each in candidates.found)


def test_evidence_of_both_searches_counts() -> None:
    """A chunk close in meaning with the query's words ranks before one with either alone."""
    both, meaning, words = (a_chunk(f"{name}.py", text=name) for name in ("both", "meaning", "words"))

    hits = of(
        a_candidate(words, 4.0, 0.1),
        a_candidate(meaning, 0.5, 0.6),
        a_candidate(both, 3.5, 0.5),
        query="refund money",
    )

    assert hits[0].chunk == both
    assert hits[0].explanation.keys() >= {"meaning", "words"}


def test_nonsense_scores_low_and_a_match_scores_high() -> None:
    """Scores compare across queries: nothing in common stays below 0.2, a match is above 0.5."""
    chunk = a_chunk("shop/refunds.py", text="def refund(order): ...", symbol="refund")

    nonsense = of(a_candidate(chunk, 0.0, 0.15), query="paint the moon purple")[0].score
    match = of(a_candidate(chunk, 2.0, 0.55), query="refund an order")[0].score

    assert nonsense < 0.2
    assert match > 0.5


def test_a_rare_word_that_is_missing_lowers_the_score() -> None:
    """The same BM25 is worth less where a word of the query is nowhere in the index."""
    candidate = alike("a.py")
    terms = encode_query("refund penguins").indices

    known = rank("refund penguins", Candidates((candidate,), dict.fromkeys(terms, 2.0)))
    unknown = rank("refund penguins", Candidates((candidate,), {terms[0]: 1.0, terms[1]: 0.0}))

    assert unknown[0].explanation["words"] > known[0].explanation["words"]
    missing = rank("refund penguins", Candidates((candidate,), {terms[0]: 4.0, terms[1]: 0.0}))
    assert missing[0].explanation["words"] < known[0].explanation["words"]


def test_a_missing_vector_is_unknown_and_not_zero() -> None:
    """A chunk that still waits for its vector keeps its place by words before embedded ones."""
    best = a_candidate(a_chunk("best.py", text="best"), bm25=4.0, cosine=None)
    others = [a_candidate(a_chunk(f"{n}.py", text=str(n)), bm25=1.0, cosine=0.3 + n / 100) for n in range(9)]

    assert order(of(*others, best, query="refund money"))[0] == "best.py"


def test_without_any_vector_words_count_for_all() -> None:
    """In an index without vectors a full match by words scores as high as with them."""
    hit = of(a_candidate(a_chunk("a.py"), bm25=100.0, cosine=None), query="refund money")[0]

    assert "meaning" not in hit.explanation
    assert hit.score > 0.6


@pytest.mark.parametrize(
    "query", ["cancel_order", "CancelOrder", "where is cancel_order used", "`cancelOrder`"]
)
def test_the_definition_of_a_named_symbol_comes_first(query: str) -> None:
    """A symbol named in the query, alone or in a sentence and in any spelling, brings its definition up."""
    usage, defining = (
        alike("a.py", "cancel_order()"),
        alike("b.py", "def cancel_order(): ...", symbol="Shop.cancel_order"),
    )

    hits = of(usage, defining, query=query)

    assert order(hits) == ["b.py", "a.py"]
    assert hits[0].explanation["definition"] > 0


def test_a_definition_in_the_file_of_its_name_comes_before_others() -> None:
    """Of two definitions, the one in the file that is named after the symbol is the more likely one."""
    hits = of(
        alike("a/shared.py", symbol="Invoice"), alike("z/invoice.py", symbol="Invoice"), query="Invoice"
    )

    assert order(hits) == ["z/invoice.py", "a/shared.py"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("how does authentication work", "app/auth.py"),
        ("parsing of config files", "app/configParser.java"),
        ("session cookies", "session/__init__.py"),
    ],
)
def test_words_of_the_query_in_the_name_of_a_file_count(query: str, path: str) -> None:
    """File and folder names match by stem, by prefix, and inside camelCase."""
    hits = of(alike("app/aaa.py"), alike(path), query=query)

    assert order(hits)[0] == path


def test_words_of_the_query_in_the_name_of_a_symbol_count() -> None:
    """A chunk whose symbol is named with the query's words ranks before an equal one."""
    hits = of(
        alike("a.py", symbol="run"), alike("b.py", symbol="Shop.refundDeadline"), query="deadline of refunds"
    )

    assert order(hits) == ["b.py", "a.py"]


@pytest.mark.parametrize(
    ("place", "asking"),
    [
        ("tests/test_refund.py", "test of refunds"),
        ("src/refund.spec.ts", "refund spec"),
        ("src/RefundTest.java", "tests for refunds"),
        ("examples/refund.py", "example of a refund"),
        ("docs/refund.md", "documentation of refunds"),
        ("vendor/refund.go", "vendored refund"),
        ("src/_compat/refund.py", "compatibility of refunds"),
        ("locales/refund.ts", "translations of refund"),
        ("types/refund.d.ts", "types of refund"),
    ],
)
def test_places_that_seldom_hold_the_answer_rank_lower_unless_asked_for(place: str, asking: str) -> None:
    """A test, an example, documentation and such lose to source code, but not where the query wants them."""
    code = alike("zzz/refund.py")

    assert order(of(alike(place), code, query="how are refunds paid"))[0] == "zzz/refund.py"
    assert order(of(alike(place), code, query=asking))[0] == place


def test_a_module_that_only_passes_names_on_ranks_lower() -> None:
    """A chunk without definitions in an `__init__.py` or `index.ts` loses to an equal one elsewhere."""
    hits = of(alike("shop/__init__.py"), alike("shop/zzz.py"), query="refund money")

    assert order(hits) == ["shop/zzz.py", "shop/__init__.py"]
    assert "reexport" in hits[1].explanation


def test_an_older_version_of_an_interface_ranks_lower() -> None:
    """`v3/` loses to `v4/` beside it; without a newer version beside it, it loses nothing."""
    hits = of(alike("src/v3/refund.ts"), alike("src/v4/refund.ts"), query="how are refunds paid")
    alone = of(alike("src/v3/refund.ts"), alike("lib/v4/refund.ts"), query="how are refunds paid")

    assert order(hits) == ["src/v4/refund.ts", "src/v3/refund.ts"]
    assert all("superseded" not in hit.explanation for hit in alone)


def test_one_text_is_one_hit_that_names_its_copies() -> None:
    """Chunks with the same text, but for white space at line ends, become one hit."""
    texts = ["def pay():\n    return 1", "def pay():  \n    return 1\r", "def pay():\n    return 2"]
    hits = [a_hit(a_chunk(f"{n}.py", text=text)) for n, text in enumerate(texts)]

    collapsed = collapse(hits)

    assert [hit.chunk.path for hit in collapsed] == ["0.py", "2.py"]
    assert [[copy.path for copy in hit.copies] for hit in collapsed] == [["1.py"], []]


def test_a_file_with_several_good_chunks_is_lifted() -> None:
    """The best chunk of each file gets a share of the file's sum; the other chunks get nothing."""
    assert file_shares(["a", "a", "b"], [0.4, 0.4, 0.4]) == pytest.approx([0.4, 0, 0.2])
    assert file_shares([], []) == []


def test_other_files_come_before_the_third_chunk_of_the_first_one() -> None:
    """Each further chunk of a file counts less than the one before."""
    assert later_factors(["a", "b", "a", "a"]) == [1, 1, LATER, LATER**2]


@given(found(), st.sets(st.sampled_from(RULES)))
def test_any_rule_can_be_switched_off(candidates: Candidates, rules: set[str]) -> None:
    """With any set of rules the parts add up, and none is of a rule that is off."""
    for hit in rank("cancel orders", candidates, rules):
        assert sum(hit.explanation.values()) == pytest.approx(hit.score, abs=1e-9)
        assert not (set(RULES) - rules) & hit.explanation.keys()


def test_equal_scores_are_in_a_fixed_order() -> None:
    """The order of candidates does not matter: ties go by path and line."""
    chunks = [alike(f"{name}.py", text=name) for name in "bca"]

    assert order(of(*chunks, query="?")) == order(of(*reversed(chunks), query="?"))
