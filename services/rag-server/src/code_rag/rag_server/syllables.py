"""Words of Korean, Japanese and Chinese as search terms: pairs of neighbouring syllables.

Particles and endings are written at the word (`환불은`, `환불을`), and Japanese and Chinese have no spaces.
The pairs that two forms of a word share find one by the other, without a dictionary.
"""

import re
from itertools import pairwise
from unicodedata import normalize

LETTERS = (
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
"""What stands for these scripts inside a character class of a regular expression."""

_RUN = re.compile(f"[{LETTERS}]+")
_RUN_OR_WORD = re.compile(rf"[{LETTERS}]+|[^\W{LETTERS}]+")


def split_scripts(text: str) -> list[str]:
    """The words of a text, split where these scripts begin or end: `OrderService의` is two words.

    Composed and wide or narrow forms of a letter are the same letter (NFKC, as in Python's identifiers).
    """
    return _RUN_OR_WORD.findall(normalize("NFKC", text))


def is_syllabic(word: str) -> bool:
    """Whether the word is written in Hangul, kana or Han only."""
    return _RUN.fullmatch(word) is not None


def syllable_terms(word: str) -> list[str]:
    """Each pair of neighbouring syllables; a single one is a term by itself.

    The whole word is none: what a question's words weigh is shared by its terms, and a word with a particle
    would count mostly for a form that occurs nowhere.
    """
    return [first + second for first, second in pairwise(word)] or [word]
