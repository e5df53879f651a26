"""How a line with other than ASCII letters looks to MiniLM's tokenizer, before it counts its pieces."""

import re
from unicodedata import normalize

LONGEST_WORD = 100
"""A longer word is one unknown token."""

# Letters that the vocabulary does not have inside a word, after decomposition: doubled consonants, half the
# vowels of Hangul, small kana and some others. A word with one of them is unknown as a whole.
_UNKNOWN = re.compile(
    "[\u1101\u1104\u1108\u110d\u1163\u1164\u1168\u116b\u116c\u1170\u1171\u11a9\u11aa\u11ac-\u11ae\u11b0-\u11b6"
    "\u11b9-\u11bb\u11bd-\u11c2ぁぃぅぇぉゃゅょゎわゐゑゥォヌネヤユヨヮヰヱヲヵヶ]"
)
_ACCENTS = re.compile("[\u0300-\u036f\u3099\u309a]+")
_WORD = re.compile(r"[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def fold(line: str) -> str:
    """The line in lower case, decomposed, without accents, and with a `?` for each word that is unknown.

    What remains counts as one token for each letter that is not Latin: a Hangul syllable is two or three.
    """
    return _WORD.sub(_known, _ACCENTS.sub("", normalize("NFD", line.lower())))


def _known(word: re.Match[str]) -> str:
    text = word[0]
    return " ? " if len(text) > LONGEST_WORD or _UNKNOWN.search(text) else text
