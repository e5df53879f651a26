"""One answer that a model on this machine has written, and what it is worth."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.answers import Grade, grade
from benchmarks.corpora import Corpus
from code_rag.rag_server.citing.citations import cite
from code_rag.rag_server.citing.claims import claims
from code_rag.rag_server.citing.support import invented
from code_rag.rag_server.gathering import Gathered
from code_rag.rag_server.manuscript import Manuscript
from code_rag.rag_server.prompting.instructions import is_copied
from code_rag.servicekit.wire.evidence import Block
from code_rag.servicekit.wire.markers import parse


@dataclass(frozen=True, slots=True)
class Checked:
    """What the product's checks say of a text."""

    cited: int = 0
    holding: int = 0
    """Citations whose lines hold what is claimed."""
    invented: int = 0
    """Sentences with a name or a number of no line that the model was given, or of its worked example."""
    unmarked: int = 0
    """Of these, those whose citation is shown as proof."""


NOTHING = Checked()


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the sample, and what was found for it."""

    asked: Mapping[str, Any]
    corpus: Corpus
    gathered: Gathered


@dataclass(frozen=True, slots=True)
class Written:
    """One answer of a model."""

    grade: Grade
    text: str
    raw: str = ""
    """Before it was checked."""
    first_seconds: float | None = None
    seconds: float | None = None
    before: Checked = NOTHING
    """What the checks say of the raw text."""
    after: Checked = NOTHING
    """The same of what was shown."""


def graded(
    question: Question, written: Manuscript, raw: str, seconds: tuple[float | None, float | None]
) -> Written:
    """An answer with its grade; `seconds` are those to the first token and to the end."""
    blocks = {block.number: block for block in written.blocks}
    before, after = (_checked(question, text, written.blocks) for text in (raw, written.text))
    return Written(_grade(question, written.text, blocks), written.text, raw, *seconds, before, after)


def _grade(question: Question, text: str, blocks: Mapping[int, Block]) -> Grade:
    """What the written answer is worth; where nothing of it is left, what the quotes are."""
    asked, quotes = question.asked, question.gathered.quotes
    if not text:
        return "abstained" if not asked["must"] else grade(asked, quotes)
    if not asked["must"]:
        return "invented" if quotes.state == "answered" else "abstained"
    cited = [blocks[reference.block] for reference in parse(text)]
    expected = [block for block in cited if block.path in asked["expected_files"]]
    if any(re.search(asked["must"], "\n".join(block.lines)) for block in expected):
        return "right"
    return "partly" if expected else "wrong"


def _checked(question: Question, text: str, blocks: Sequence[Block]) -> Checked:
    citations = cite(text, blocks, lambda path: _lines(question.corpus, path))
    markers = {each.marker for each in citations}
    proofs = {each.marker for each in citations if each.state == "supported"}
    asked = question.asked["question"]
    bad = [
        claim
        for claim in claims(text, markers)
        if invented(claim.text, blocks) or is_copied(claim.text, asked)
    ]
    unmarked = sum(claim.markers <= proofs for claim in bad)
    return Checked(len(citations), len(proofs), len(bad), unmarked)


def _lines(corpus: Corpus, path: str) -> list[str]:
    return (corpus.root() / path).read_text(encoding="utf-8", errors="replace").split("\n")
