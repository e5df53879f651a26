"""The telling words of a question."""

import pytest

from code_rag.rag_server.lexical import term_id
from code_rag.rag_server.quoting.wording import matched, share, telling_words


def test_function_words_do_not_count_and_rare_words_weigh_more() -> None:
    """A word weighs as rare as it is in the index; one that is nowhere weighs as much as the rarest."""
    idf = {term_id("cart"): 1.0, term_id("refund"): 3.0, term_id("gift"): 0.0}

    words = telling_words("Where are carts put back into a refund gift?", idf)

    assert (words["cart"], words["refund"], words["gift"]) == (1.0, 3.0, 3.0)
    assert not {"wher", "where", "are", "into"} & words.keys()


def test_words_of_any_question_weigh_less() -> None:
    """`happens` and `used` say little about the subject, even where they are rare."""
    words = telling_words("what happens when a voucher is used", {})

    assert words["happen"] < words["vouch"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("where is the colour set", "self.color = value"),
        ("is NO_COLOR respected", 'os.environ.get("NO_COLOR")'),
        ("how is a user authenticated", "def auth(user): ..."),
        ("how are configurations parsed", "parse_config(path)"),
    ],
)
def test_spelling_case_and_endings_do_not_matter(question: str, text: str) -> None:
    """A telling word is found as the code writes it: whole or in parts, shortened, in American spelling."""
    words = telling_words(question, {})

    assert matched(words, text)


def test_imports_have_no_words() -> None:
    """A line that only imports matches nothing: it names what others do."""
    words = telling_words("where is the refund issued", {})

    assert matched(words, "from shop.refunds import issue_refund") == set()
    assert matched(words, "const refund = require('./refund')") == set()
    assert matched(words, "return issue_refund(order)") == {"refund", "issu"}


def test_a_share_is_of_the_weight() -> None:
    """One of two words is half only if both weigh the same."""
    assert share({"a": 3.0, "b": 1.0}, {"a"}) == 0.75
    assert share({}, {"a"}) == 0.0


@pytest.mark.parametrize(
    ("question", "known", "telling"),
    [
        ("환불 금액은 어떻게 계산하나요?", ("환불", "금액", "계산"), {"환불", "금액", "계산"}),
        ("注文はどこで取り消されますか", ("注文", "取り"), {"注文", "取り"}),
        (
            "Wo wird die Gutschrift für eine Bestellung?",
            (),
            {"gutschrift", "bestellung"},
        ),
    ],
)
def test_particles_and_question_words_of_other_languages_do_not_count(
    question: str, known: tuple[str, ...], telling: set[str]
) -> None:
    """Of syllables only the pairs that occur count; the commonest words of a language say nothing."""
    idf = {term_id(term): 2.0 for term in known}

    assert set(telling_words(question, idf)) == telling


def test_a_word_of_syllables_that_is_nowhere_counts_once() -> None:
    """However long it is, it is one word that the code does not have."""
    assert len(telling_words("쿠버네티스", {})) == 1
