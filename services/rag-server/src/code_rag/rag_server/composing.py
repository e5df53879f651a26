"""Makes the answer of what a model wrote and of the places that answer without it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from code_rag.rag_server.answer import AnswerState, Finish
from code_rag.rag_server.citing import uncited
from code_rag.rag_server.manuscript import CheckedManuscript, Manuscript
from code_rag.rag_server.prompting.instructions import NOT_FOUND
from code_rag.rag_server.quoting import Quotes
from code_rag.rag_server.quoting.rendering import render
from code_rag.servicekit.wire.evidence import Block
from code_rag.servicekit.wire.markers import parse

_ENDINGS: dict[Finish, str] = {
    "length": "the model's answer reached its greatest length and is not complete",
    "content_filter": "the model's server ended the answer before it was complete",
}
_REFUSES = re.compile(
    r"\bnot found in the (?:indexed )?code\b"
    r"|\b(?:blocks?|code|context|evidence)\b.{0,40}\b(?:do(?:es)? not|don't|doesn't)\b.{0,20}"
    r"\b(?:answer|contain|define|describe|hold|include|mention|say|show|specify)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Composition:
    """The text of an answer, the blocks that it cites, and what is wrong with it."""

    text: str
    blocks: Sequence[Block]
    state: AnswerState
    added: str = ""
    """The end of the text, which no model wrote."""
    degraded: Sequence[tuple[str, str]] = ()
    """What did not work: what it is counted as, and a sentence."""


def compose(written: Manuscript, quotes: Quotes) -> Composition:
    """The answer: written if there is text that cites something, and quoted below it if there is not.

    Also below what is not complete, and below what a small model writes, so that there is never less than
    without a model.
    """
    if not written.text:
        why = [("no language model", f"no language model: {written.failure}")] if written.failure else []
        if written.withheld:
            why.append(("written answer not shown", f"only quotes are shown: {written.withheld}"))
        why += _clipped(written)
        blocks = [excerpt.block(number) for number, excerpt in enumerate(quotes.excerpts, start=1)]
        return Composition(render(quotes.excerpts, quotes.opening), blocks, quotes.state, degraded=why)
    state = _state(written, quotes)
    faults = [*_clipped(written), *_faults(written, state), *written.removals]
    if state == "answered" and not written.failure and not isinstance(written, CheckedManuscript):
        return Composition(written.text, written.blocks, state, degraded=faults)
    first = 1 + max((block.number for block in written.blocks), default=0)
    below = [excerpt.block(number) for number, excerpt in enumerate(quotes.excerpts, start=first)]
    heading = _BELOW_SMALL if isinstance(written, CheckedManuscript) else _HEADINGS[state]
    added = f"\n\n{render(quotes.excerpts, heading, first)}" if below else ""
    return Composition(written.text + added, (*written.blocks, *below), state, added, faults)


_BELOW_SMALL = "A small model wrote this and may be wrong. The places that say most about the question:"
_HEADINGS: dict[AnswerState, str] = {
    "answered": "The places that say most about the question:",
    "unsure": "The places that say most about the question:",
    "not_found": "The nearest places in the code:",
    "unsupported": "The answer above cites nothing. The places that say most about the question:",
}


def _state(written: Manuscript, quotes: Quotes) -> AnswerState:
    if parse(written.text):
        return "unsure" if quotes.state == "not_found" else "answered"
    refuses = _REFUSES.search(written.text) or written.text.strip().startswith(NOT_FOUND)
    return "not_found" if refuses else "unsupported"


def _clipped(written: Manuscript) -> list[tuple[str, str]]:
    return [("clipped prompt", written.clipped)] if written.clipped else []


def _faults(written: Manuscript, state: AnswerState) -> list[tuple[str, str]]:
    faults = []
    if written.is_fallback:
        faults.append(("fallback model", f"the first model failed, so {written.model} wrote the answer"))
    if written.failure:
        faults.append(
            ("the model stopped", f"the model stopped before its answer was complete: {written.failure}")
        )
    if ending := _ENDINGS.get(written.finish_reason):
        faults.append(("the answer is not complete", ending))
    if state == "unsupported":
        faults.append(("unsupported answer", "the model's answer cites nothing"))
    elif state != "not_found" and (missing := uncited.note(written.text)):
        faults.append(("uncited sentences", missing))
    return faults
