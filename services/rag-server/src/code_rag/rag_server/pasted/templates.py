"""Finds the line that wrote a message: its text without what was filled in stands in a string there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MIN_LETTERS = 10
MIN_SHARE = 0.6
"""A text of one word, or with fewer letters, must be this much of the message."""
MAX_LINE_CHARS = 1000
WRITES = 2.0
"""How much more a line counts that raises or logs."""

_STRING = re.compile(
    r'"((?:[^"\\]|\\.){3,500})"|\'((?:[^\'\\]|\\.){3,500})\'|`((?:[^`\\]|\\.){3,500})(?:`|$)'
)
_FILLED_IN = re.compile(
    r"%(?:\(\w+\))?[-+ #0]{0,5}\d{0,5}(?:\.\d{1,5})?[a-zA-Z]|%%|[$#]?\{[^{}]{0,200}\}"
    r"|\$\w+|\\[\"'nrt]|\\\(.{0,100}?\)"
)
_WRITES = re.compile(
    r"\b(?:raise|throws?|panic|log\w*|console|print\w*|\w*[Ee]rror\w*|warn\w*|info|debug|fail\w*|abort|die|bail|expect"
    r"|assert\w*|\w*Exception|fatal\w*|critical)\b"
)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was printed."""

    text: str

    def score(self, lines: Sequence[str]) -> tuple[float, int]:
        """How much of the message the best of the lines holds in a string, and which line it is."""
        scores = [self._score_line(line[:MAX_LINE_CHARS]) for line in lines]
        best = max(scores, default=0.0)
        return best, scores.index(best) if scores else 0

    def _score_line(self, line: str) -> float:
        strings = (next(filter(None, groups)) for groups in _STRING.findall(line))
        best = max(map(self._letters, strings), default=0)
        return best * (WRITES if _WRITES.search(line) else 1.0)

    def _letters(self, template: str) -> int:
        """How many letters of the message the template explains; 0 if it may not be its template."""
        parts = [part.strip() for part in _FILLED_IN.split(template)]
        parts = [part for part in parts if any(map(str.isalpha, part))]
        end = 0
        for part in parts:
            found = self.text.find(part, end)
            if found < 0:
                return self._quoted_letters(template)
            end = found + len(part)
        return self._enough("".join(parts), words=sum(len(part.split()) for part in parts))

    def _quoted_letters(self, template: str) -> int:
        """The letters of a message that is a part of the template."""
        return self._enough(self.text, words=len(self.text.split())) if self.text in template else 0

    def _enough(self, text: str, *, words: int) -> int:
        letters, all_letters = _count(text), _count(self.text)
        is_telling = letters >= MIN_LETTERS and words > 1
        return letters if is_telling or (letters > 2 and letters >= MIN_SHARE * all_letters) else 0


def _count(text: str) -> int:
    return sum(map(str.isalpha, text))
