"""Lets through the sentences of an answer that hold against the lines it is about, each once complete."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from code_rag.rag_server.citing.claims import Claim
from code_rag.rag_server.citing.support import doubt, invented
from code_rag.rag_server.lexical import tokenize
from code_rag.rag_server.prompting.instructions import is_copied
from code_rag.servicekit.wire.evidence import Block
from code_rag.servicekit.wire.markers import marker, parse

_MARKERS = r"(?:[ ,]*\[[0-9]{1,9}\])+"
_END = re.compile(rf"{_MARKERS}[.。]?(?=\s)")
_CITED = re.compile(rf"{_MARKERS}[.。]?$")
_REFUSES = re.compile(r"not found\b", re.IGNORECASE)


@dataclass(slots=True)
class CheckedSentences:
    """Takes an answer about `evidence` in pieces; `given` is all that the model was given.

    A sentence ends in markers. Removed is one with a name or a number that stands nowhere in the evidence,
    one about the worked example, one that repeats the question or an earlier one, one that says that nothing
    is found, and one without a marker. If its markers do not hold it and another place does, that is cited:
    small models choose the right words more often than the right number.
    """

    evidence: Sequence[Block]
    given: str
    question: str
    _passed: list[str] = field(default_factory=list)
    _held: str = ""
    _removed: int = 0
    _reasons: dict[str, None] = field(default_factory=dict)

    def feed(self, text: str) -> str:
        """What may be shown now."""
        self._held += text
        shown = ""
        while end := _END.search(self._held):
            shown += self._checked(self._held[: end.end()].strip())
            self._held = self._held[end.end() :]
        return shown

    def finish(self) -> str:
        """The last sentence, if it holds."""
        rest, self._held = self._held.strip(), ""
        return self._checked(rest) if rest else ""

    @property
    def held_words(self) -> int:
        """How many words the sentence has so far that is not complete."""
        return len(self._held.split())

    def note(self) -> str:
        """What was removed, in a sentence; empty if nothing was."""
        sentences = f"{self._removed} sentence{'' if self._removed == 1 else 's'}"
        return f"removed {sentences} of the model: {', '.join(self._reasons)}" if self._removed else ""

    def _checked(self, sentence: str) -> str:
        said = _CITED.sub("", sentence)
        if reason := self._objection(said, is_cited=said != sentence):
            self._removed += 1
            self._reasons[reason] = None
            return ""
        cited = self._cited(said, sentence)
        if cited in self._passed:
            return ""
        self._passed.append(cited)
        return cited if len(self._passed) == 1 else f" {cited}"

    def _objection(self, said: str, *, is_cited: bool) -> str:
        """Why a sentence is not shown."""
        if _REFUSES.match(said):
            return "it finds no answer in the places that it read"
        if absent := invented(said, self.evidence):
            return f"no line that it read has {' or '.join(absent)}"
        if is_copied(said, self.given):
            return "it repeats its instructions"
        if not is_cited:
            return "it is not complete"
        if set(tokenize(said)) <= set(tokenize(self.question)):
            return "it repeats the question"
        return ""

    def _cited(self, said: str, sentence: str) -> str:
        """The sentence, with the first place that holds it if those that it cites do not."""
        claim, numbers = Claim(said, frozenset()), {reference.block for reference in parse(sentence)}
        cited = [block for block in self.evidence if block.number in numbers]
        if not any(doubt(claim, block, cited) for block in cited):
            return sentence
        holding = (block.number for block in self.evidence if not doubt(claim, block, [block]))
        better = next(holding, None)
        return sentence if better is None else f"{said} {marker(better)}."
