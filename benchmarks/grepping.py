"""What somebody who has only grep reads, modelled so that it errs on grep's side.

The words of a question are looked for in the order of how rare they are, as if that were known before. Two
ways to go on: read some lines around the best match of each file, or read whole files.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.rag_server.quoting.wording import is_telling

SHOWN_LINES = 50
"""Of what one grep finds; agents truncate long output too."""
LINE_CHARS = 200
WINDOW = 40
"""So many lines before and after a match are read."""
MOST_READS = 30
CALL_TOKENS = 40
"""What a call itself costs: its name and arguments, and the frame around its result."""

_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Look:
    """What one call shows: parts of files, and the tokens that it costs."""

    shown: Sequence[tuple[str, str]]
    """Pairs of a path and the text of that file that is on the screen."""
    tokens: int


def look(shown: Sequence[tuple[str, str]]) -> Look:
    """A call that shows this; each part has its path above it."""
    return Look(shown, CALL_TOKENS + sum(tokens(f"{path}\n{text}") for path, text in shown))


class Grepper:
    """Looks for the words of questions in some files, given as lines by path."""

    def __init__(self, files: Mapping[str, Sequence[str]]) -> None:
        self._files = files
        self._lower = {path: [line.lower() for line in lines] for path, lines in files.items()}

    def windows(self, question: str) -> Iterator[Look]:
        """After the matches of each word the lines around the best match of the best file not read yet."""
        found, read = dict[str, dict[int, set[str]]](), set[str]()
        for word, matches in self._by_rarity(question):
            for path, line in matches:
                found.setdefault(path, {}).setdefault(line, set()).add(word)
            yield look([(path, self._line(path, line)) for path, line in matches[:SHOWN_LINES]])
            yield from self._read_one(found, read)
        while len(read) < min(len(found), MOST_READS):
            yield from self._read_one(found, read)

    def whole_files(self, question: str) -> Iterator[Look]:
        """The paths of all files with a word, then each file, those with the most words first."""
        found = dict[str, dict[int, set[str]]]()
        for word, matches in self._by_rarity(question):
            for path, line in matches:
                found.setdefault(path, {}).setdefault(line, set()).add(word)
        ranked = sorted(found, key=lambda path: _worth(found[path]), reverse=True)
        yield look([(path, "") for path in ranked[:SHOWN_LINES]])
        for path in ranked[:MOST_READS]:
            yield look([(path, "\n".join(self._files[path]))])

    def _by_rarity(self, question: str) -> list[tuple[str, list[tuple[str, int]]]]:
        """Each telling word that is there, with all its places, the rarest word first."""
        words = dict.fromkeys(word.lower() for word in _WORD.findall(question) if is_telling(word))
        places = ((word, self._places(word)) for word in words)
        return sorted(((word, found) for word, found in places if found), key=lambda each: len(each[1]))

    def _places(self, word: str) -> list[tuple[str, int]]:
        return [
            (path, at) for path, lines in self._lower.items() for at, line in enumerate(lines) if word in line
        ]

    def _read_one(self, found: Mapping[str, Mapping[int, set[str]]], read: set[str]) -> Iterator[Look]:
        left = [path for path in found if path not in read]
        if not left or len(read) >= MOST_READS:
            return
        path = max(left, key=lambda each: _worth(found[each]))
        read.add(path)
        at = max(found[path], key=lambda line: len(_near(found[path], line)))
        yield look([(path, "\n".join(self._files[path][max(0, at - WINDOW) : at + WINDOW + 1]))])

    def _line(self, path: str, at: int) -> str:
        return f"{at + 1}:{self._files[path][at][:LINE_CHARS]}"


def _worth(matches: Mapping[int, set[str]]) -> tuple[int, int]:
    """How many different words a file has, then how many lines with one."""
    return len(set().union(*matches.values())), len(matches)


def _near(matches: Mapping[int, set[str]], line: int) -> set[str]:
    """The words within a window around a line."""
    return set().union(*(words for at, words in matches.items() if abs(at - line) <= WINDOW))
