"""The forms in which models write citation markers, read into targets and written in one form.

Understood are `[1]`, `[1, 3]`, `[1:4-9]`, `[1:4–9, 12-15]`, `[1, lines 4-9]`, `[1:L4-L9]`, `[block 1]`,
`【1】` and `【1†source】`.
"""

import re
import unicodedata

from code_rag.servicekit.wire.markers import marker

Target = tuple[int, int | None, int | None]
"""A block and lines of it, or all of it."""

CANDIDATE = re.compile(r"[\[【][^\[\]【】\n]{1,80}[\]】]")
OPENED = re.compile(r"[\[【][^\[\]【】\n]{0,80}\Z")

_SOURCE = re.compile(r"†.*")
_BLOCK = re.compile(r"\b(?:blocks?|sources?|citations?|refs?|see)\b\.?|[#^]")
_LINES = re.compile(r",?\s*\b(?:lines?\s*|l(?=[0-9]))")
_TARGET = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9})(?:-([0-9]{1,9}))?)?")
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_SENTENCE_ENDS = re.compile(r"[.;!?](?:\s|\Z)")


def is_index(before: str, cited: str, after: str) -> bool:
    """Whether brackets after the character `before` index something, as in `rows[1]`, and cite nothing.

    Where words are written without spaces, and at the end of a sentence, they do cite.
    """
    if before == "]":
        return True
    if not (before.isalnum() or before == "_") or ":" in cited:
        return False
    spaced = not unicodedata.name(before, "").startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA"))
    return spaced and _SENTENCE_ENDS.match(after) is None


def read(written: str) -> list[Target] | None:
    """The targets of a marker; None if it is something else in brackets."""
    text = _SOURCE.sub("", written[1:-1].lower())
    text = re.sub(r"[‐-―−]", "-", text)
    text = _LINES.sub(":", _BLOCK.sub(" ", text))
    text = re.sub(r"\s*([:-])[\s:]*", r"\1", text)
    targets: list[Target] = []
    for part in re.split(r"[,;&]|\band\b", text):
        target = _target(part.strip(), targets[-1] if targets else None)
        if target is None:
            return None
        targets.append(target)
    return targets


def write(targets: list[Target]) -> str:
    """One marker for all targets."""
    return f"[{', '.join(marker(*target)[1:-1] for target in targets)}]"


def _target(part: str, previous: Target | None) -> Target | None:
    lines = _RANGE.fullmatch(part)
    if lines and previous and previous[1] is not None:
        return previous[0], int(lines[1]), int(lines[2])
    found = _TARGET.fullmatch(part)
    if found is None:
        return None
    block, start, end = found.groups()
    return (int(block), int(start), int(end or start)) if start else (int(block), None, None)
