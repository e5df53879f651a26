"""Decodes source files, also those in encodings from before UTF-8, the same way every time."""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

LEGACY = ("cp949", "cp932", "gb18030", "euc_jp", "cp1251", "cp1252")
"""The encodings that are recognised, the first one preferred where two fit equally well.

CP949 includes EUC-KR, CP932 Shift-JIS, and CP1252 the printable characters of Latin-1.
"""

_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile(rb"[\x00-\x07\x0e-\x19\x1c-\x1f\x7f]")
_ODD_CHARACTERS = frozenset({"Cc", "Cn", "Co", "Cs"})
_MIN_NULS = 0.1
"""Share of the characters of UTF-16 code that are ASCII, at least: spaces, line ends, keywords."""
_MAX_DAMAGE = 0.1
"""Share of the characters outside ASCII that may be damaged for a text to be UTF-8 all the same."""
_SAMPLE = 4_000
_PLAUSIBLE = 0.35

_Weights = tuple[tuple[int, int, int, float], ...]
_MULTIBYTE: dict[str, _Weights] = {
    # First and last lead byte, lowest trail byte, how well such a character speaks for the encoding.
    "cp949": ((0xA1, 0xA3, 0xA1, 0.4), (0xB0, 0xC8, 0xA1, 1.0), (0x81, 0xC6, 0x41, 0.0)),
    "cp932": (
        (0x81, 0x81, 0x40, 0.4),
        (0x82, 0x82, 0x9F, 1.0),
        (0x82, 0x82, 0x40, 0.4),
        (0x83, 0x83, 0x40, 0.9),
        (0x88, 0x97, 0x40, 0.6),
        (0x98, 0xEA, 0x40, 0.0),
    ),
    "gb18030": (
        (0xA1, 0xA1, 0xA1, 0.4),
        (0xA3, 0xA3, 0xA1, 0.4),
        (0xB0, 0xD7, 0xA1, 0.7),
        (0xD8, 0xF7, 0xA1, 0.1),
    ),
    "euc_jp": (
        (0xA1, 0xA3, 0xA1, 0.4),
        (0xA4, 0xA4, 0xA1, 1.0),
        (0xA5, 0xA5, 0xA1, 0.9),
        (0xB0, 0xCF, 0xA1, 0.6),
        (0xD0, 0xF4, 0xA1, 0.0),
    ),
}
_UNLIKELY = -0.5


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, or the reason why there is none: neither text nor a known encoding."""

    text: str | None
    is_binary: bool = False


def decode(data: bytes, legacy: str = "") -> Decoded:
    """The text in Unicode's composed form (NFC).

    `legacy` is the encoding of files that are neither UTF-8 nor UTF-16; it is recognised if that is empty.
    """
    text = _unicode(data)
    if text is None and _CONTROL.search(data.removesuffix(b"\x1a")):
        return Decoded(None, is_binary=True)
    if text is None:
        text = _decoded(data, legacy) if legacy else _recognised(data)
    if text is None:
        return Decoded(None)
    return Decoded(unicodedata.normalize("NFC", text))


def _unicode(data: bytes) -> str | None:
    if data.startswith(_UTF16_BOMS):
        text = _decoded(data, "utf-16")
    elif b"\0" in data:
        text = _utf16_without_mark(data)
    else:
        text = _decoded(data, "utf-8-sig")
    return None if text is not None and "\0" in text else text


def _utf16_without_mark(data: bytes) -> str | None:
    """The text if one byte of many characters is NUL, always the same one, and the text looks like text."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if len(data) % 2 or min(even, odd) or max(even, odd) < _MIN_NULS * len(data) / 2:
        return None
    text = _decoded(data, "utf-16-le" if odd else "utf-16-be")
    odd_characters = (
        c for c in text or "" if c not in "\t\n\r\f" and unicodedata.category(c) in _ODD_CHARACTERS
    )
    return None if next(odd_characters, None) else text


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _recognised(data: bytes) -> str | None:
    """The text in UTF-8 with some damage, or in the legacy encoding that makes most sense of it."""
    text = data.decode(errors="replace")
    damaged = text.count("\ufffd")
    if damaged <= _MAX_DAMAGE * sum(character > "\x7f" for character in text):
        return text
    scores = {encoding: _plausibility(data, encoding) for encoding in LEGACY}
    best = max(LEGACY, key=lambda encoding: scores[encoding])
    return data.decode(best) if scores[best] >= _PLAUSIBLE else None


def _plausibility(data: bytes, encoding: str) -> float:
    """How likely the characters outside ASCII are in this encoding, at most 1, at the mean."""
    text = _decoded(data, encoding)
    if text is None:
        return _UNLIKELY
    if encoding in _MULTIBYTE:
        found = islice((character for character in text if character > "\x7f"), _SAMPLE)
        weights = [_weight(character.encode(encoding), _MULTIBYTE[encoding]) for character in found]
    else:
        scorer = _cyrillic if encoding == "cp1251" else _latin
        weights = [scorer(text, i) for i in islice((i for i, c in enumerate(text) if c > "\x7f"), _SAMPLE)]
    return sum(weights) / len(weights) if weights else _UNLIKELY


def _weight(code: bytes, weights: _Weights) -> float:
    if len(code) != 2:
        return _UNLIKELY
    lead, trail = code
    for first, last, lowest, weight in weights:
        if first <= lead <= last and trail >= lowest:
            return weight
    return _UNLIKELY


def _cyrillic(text: str, index: int) -> float:
    """Cyrillic letters stand among their like, and capitals only at the start of a word."""
    character, before, after = text[index], text[index - 1 : index], text[index + 1 : index + 2]
    if not _is_cyrillic(character):
        return 0.0 if unicodedata.category(character)[0] in "PS" else _UNLIKELY
    if any(neighbour.isalpha() and not _is_cyrillic(neighbour) for neighbour in (before, after)):
        return _UNLIKELY
    if character.isupper() and before.isalpha():
        return _UNLIKELY if before.islower() else 0.0
    return 0.8 if before.isalpha() or after.isalpha() else 0.3


def _is_cyrillic(character: str) -> bool:
    return "\u0400" <= character <= "\u04ff"


def _latin(text: str, index: int) -> float:
    """Accented letters stand among letters of ASCII, at most two in a row; signs by themselves."""
    character = text[index]
    before, after = text[index - 1 : index], text[index + 1 : index + 2]
    around = [neighbour for neighbour in (before, after) if neighbour > "\x7f"]
    if unicodedata.category(character) == "Cc" or len(around) == 2:
        return _UNLIKELY
    if not character.isalpha():
        return 0.5 if not around else 0.0
    if character.isupper() and before.islower():
        return _UNLIKELY
    return 0.8 if any(n.isascii() and n.isalpha() for n in (before, after)) else 0.4
