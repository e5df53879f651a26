"""The lines of an answer that are no code: markers in one form, and nothing that acts as link or HTML."""

import html
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from code_rag.rag_server.screening.marker_forms import CANDIDATE, OPENED, Target, is_index, read, write
from code_rag.rag_server.screening.removals import Removals
from code_rag.rag_server.screening.urls import URL, Urls
from code_rag.servicekit.wire.evidence import Block

_ENTITY = r"&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_ESCAPE = r"\\[!-/:-@\[-`{-~]"
_SPECIAL = re.compile(
    rf"{_ESCAPE}|`+|~{{3,}}|[\[【]|\](?=[(:])|<(?=[A-Za-z/!?])|{_ENTITY}|{URL.pattern}", re.IGNORECASE
)
_IN_URLS = ":/."
"""What a backslash must not stand before: some readers look for links after they have removed it."""
_WORD = re.compile(r"[A-Za-z:/.]+\Z")
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_LONGEST_WAIT = 2_000


@dataclass(slots=True)
class _Line:
    """A line while it is rewritten: its text, how far it was read, and what is shown."""

    text: str
    at: int = 0
    shown: str = ""

    def show(self, piece: str, end: int) -> None:
        """Show `piece` for the text up to `end`."""
        self.shown, self.at = self.shown + piece, end

    def take_back_spaces(self) -> None:
        """Read the spaces before here again: a marker that is removed takes them with it."""
        while self.shown.endswith((" ", "\t")) and self.text[self.at - 1 : self.at] == self.shown[-1]:
            self.shown, self.at = self.shown[:-1], self.at - 1

    def replace(self, end: int, piece: str) -> None:
        """Read `piece` in place of the text up to `end`, together with the word before it."""
        self.text = self.text[: self.at] + piece + self.text[end:]
        word = _WORD.search(self.text, max(0, self.at - 12), self.at)
        if word and self.shown.endswith(word[0]):
            self.shown, self.at = self.shown[: len(self.shown) - len(word[0])], self.at - len(word[0])


class Prose:
    """Rewrites lines; `blocks` are those that may be cited, by number."""

    def __init__(self, blocks: Mapping[int, Block], urls: Urls, removals: Removals) -> None:
        self._blocks = blocks
        self._urls = urls
        self._removals = removals
        self._begin()

    def line(self, line: str) -> str:
        """A whole line."""
        self._begin()
        return self.rest(line)

    def rest(self, line: str) -> str:
        """The end of a line whose start was shown."""
        return self._rewrite(line, complete=True)[0]

    def start(self, line: str, *, continues: bool) -> tuple[str, str]:
        """What can be shown of a line that is still being written, and what has to wait.

        Its last word waits: with the next piece it may become a URL, a marker or an entity.
        """
        if not continues:
            self._begin()
        ready = line.rstrip(_VISIBLE).rstrip(" \t")
        shown, waiting = self._rewrite(ready, complete=len(line) > _LONGEST_WAIT)
        return shown, waiting + line[len(ready) :]

    def _begin(self) -> None:
        self._before = self._read = ""  # the last character that was shown, and that was read
        self._marker_end = -1
        self._worded = False

    def _rewrite(self, text: str, *, complete: bool) -> tuple[str, str]:
        """The text rewritten, and the part of it that has to wait, which a complete line has not."""
        line = _Line(text)
        while found := _SPECIAL.search(line.text, line.at):
            line.show(line.text[line.at : found.start()], found.start())
            if not self._special(line, found, complete=complete):
                line.take_back_spaces()
                break
        else:
            line.show(line.text[line.at :], len(line.text))
        self._before = line.shown[-1:] or self._before
        self._read = line.text[line.at - 1] if line.at else self._read
        self._worded = self._worded or _has_word(line.shown)
        self._marker_end = 0 if self._marker_end == line.at else -1
        return line.shown, line.text[line.at :]

    def _special(self, line: _Line, found: re.Match[str], *, complete: bool) -> bool:
        """Rewrite what was found; False if it has to wait."""
        special, end = found[0], found.end()
        match special[0]:
            case "\\" if special[1] in _IN_URLS:
                line.replace(end, special[1])
            case "\\":
                line.show(special, end)
            case "&":
                self._entity(line, special)
            case "~":
                line.show("\\~" * len(special), end)
            case "`":
                return self._code(line, end, complete=complete)
            case "[" | "【":
                return self._marker(line, complete=complete)
            case "]":
                line.show("] ", end)
            case "<":
                line.show("\\<", end)
            case _:
                self._url(line, special)
        return True

    def _entity(self, line: _Line, entity: str) -> None:
        """The character, which is text whatever it is; one that may be part of a URL is read with it."""
        char, end = html.unescape(entity), line.at + len(entity)
        if char == entity:
            line.show(entity, end)
        elif char in string.punctuation and char not in _IN_URLS + "&#;":
            line.show(f"\\{char}", end)
        else:
            line.replace(end, char if char.isprintable() else " ")

    def _url(self, line: _Line, url: str) -> None:
        shown, after = self._urls.in_prose(url)
        end = line.at + len(url) - len(after)
        shown = shown.strip("()") if line.shown.endswith("(") else shown
        line.show(_apart(line, shown, end), end)

    def _code(self, line: _Line, end: int, *, complete: bool) -> bool:
        """Inline code as it is; marks that no others close are not left to pair with later ones."""
        marks = line.text[line.at : end]
        closing = re.compile(rf"(?<!`){marks}(?!`)").search(line.text, end)
        if closing is None:
            if complete:
                line.show("\\`" * len(marks), end)
            return complete
        inside = line.text[end : closing.start()]
        targets = read(inside) if ":" in inside and CANDIDATE.fullmatch(inside) else None
        if targets and len(there := self._there(targets)) == len(targets):
            self._cite(line, there, closing.end())
        else:
            line.show(f"{marks}{self._urls.in_code(inside)}{marks}", closing.end())
        return True

    def _marker(self, line: _Line, *, complete: bool) -> bool:
        """A marker in the usual form, without the blocks that are not there; other brackets as they are."""
        candidate = CANDIDATE.match(line.text, line.at)
        opened = OPENED.match(line.text, line.at) if candidate is None else candidate.end() == len(line.text)
        if opened and not complete:
            return False
        targets = read(candidate[0]) if candidate else None
        if candidate is None or targets is None or self._is_index(line, candidate):
            line.show(line.text[line.at], line.at + 1)
            return True
        there = self._there(targets)
        self._removals.citations += len(targets) - len(there)
        if there:
            self._cite(line, there, candidate.end())
        else:
            line.shown = line.shown.rstrip(" \t")
            line.show("", candidate.end())
            self._marker_end = line.at
        return True

    def _there(self, targets: list[Target]) -> list[Target]:
        return [self._placed(target) for target in targets if target[0] in self._blocks]

    def _placed(self, target: Target) -> Target:
        """The target, or the same lines of the one block that has them: small models mix up the numbers."""
        number, start, end = target
        if start is None or end is None:
            return target
        having = [
            n for n, block in self._blocks.items() if block.start_line <= start <= end <= block.end_line
        ]
        return (having[0], start, end) if number not in having and len(having) == 1 else target

    def _is_index(self, line: _Line, candidate: re.Match[str]) -> bool:
        if self._marker_end == line.at:
            return False
        before = line.text[line.at - 1] if line.at else self._read
        return is_index(before, candidate[0], line.text[candidate.end() :])

    def _cite(self, line: _Line, targets: list[Target], end: int) -> None:
        before = line.shown[-1:] or self._before
        apart = " " if before.isalnum() or before in ("_", "`", "\\") else ""
        following = line.text[end : end + 1]
        first = not (self._worded or _has_word(line.shown))  # `[1]:` there would define where `[1]` leads
        after = " " if following and (following in "(&\\" or (first and following == ":")) else ""
        line.show(f"{apart}{write(targets)}{after}", end)
        self._marker_end = line.at


def _has_word(text: str) -> bool:
    return any(map(str.isalpha, text))


def _apart(line: _Line, shown: str, end: int) -> str:
    """Inline code with a space where it would touch other marks, and read with them."""
    if not shown.startswith("`"):
        return shown
    before = " " if line.shown.endswith(("`", "\\")) else ""
    return f"{before}{shown} " if line.text.startswith("`", end) else f"{before}{shown}"
