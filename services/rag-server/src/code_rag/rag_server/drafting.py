"""What a model is given to write from, and where what it writes is taken down."""

from dataclasses import dataclass, replace

from code_rag.rag_server.answer import Asked, Sampling, Waiting
from code_rag.rag_server.gathering import Gathered
from code_rag.rag_server.manuscript import CheckedManuscript, Manuscript
from code_rag.rag_server.model import Chunk, Hit
from code_rag.rag_server.prompting import Message
from code_rag.rag_server.prompting.brief import ANSWER_TOKENS, COUNTED, brief, evidence_tokens
from code_rag.rag_server.prompting.context_budget import tokens
from code_rag.rag_server.prompting.grammar import grammar
from code_rag.rag_server.quoting.windows import PLACES, windows
from code_rag.rag_server.quoting.wording import telling_words
from code_rag.servicekit.wire.evidence import Block


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is written."""

    prompt: list[Message]
    sampling: Sampling
    written: Manuscript
    waiting: Waiting
    """What is said until something is shown."""


def small_draft(name: str, speed: float, asked: Asked, gathered: Gathered) -> Draft | None:
    """The draft for a model that reads `speed` tokens a second, writes by a grammar and is checked.

    None where the search is not sure that the code answers the question: a small model invents an answer, or
    refuses what it could answer.
    """
    if gathered.quotes.state != "answered":
        return None
    places = [excerpt.block(0) for excerpt in gathered.quotes.excerpts]
    places += [_block(hit.chunk) for hit in evidence(gathered)[len(places) :]]
    room = evidence_tokens(gathered.question, speed)
    blocks = windows(places[:PLACES], telling_words(gathered.question, gathered.found.idf), room)
    prompt = brief(asked, gathered.question, blocks)
    given = prompt[-1]["content"]
    about = round(tokens(given) / COUNTED / speed)
    return Draft(
        prompt,
        _sampling(asked.sampling, grammar(len(blocks))),
        CheckedManuscript(blocks, [given], name, gathered.question),
        Waiting(name, 0, places=len(blocks), about_seconds=about),
    )


def _sampling(wanted: Sampling, rules: str) -> Sampling:
    """What is wanted, but without chance, by the rules, and no longer than is waited for."""
    limits = (wanted.max_tokens, wanted.max_completion_tokens, ANSWER_TOKENS)
    longest = min(limit for limit in limits if limit)
    return replace(
        wanted, temperature=0.0, top_p=None, max_tokens=longest, max_completion_tokens=None, grammar=rules
    )


def evidence(gathered: Gathered) -> list[Hit]:
    """What would be quoted without a model, or the hits around it, and then the other hits."""
    found: list[Hit] = []
    quoted = [Hit(excerpt.chunk(), 1.0, {}) for excerpt in gathered.quotes.excerpts]
    hits = gathered.found.hits
    around = [next((hit for hit in hits if _holds(hit.chunk, each.chunk)), each) for each in quoted]
    for hit in (*around, *hits):
        if not any(_holds(known.chunk, hit.chunk) for known in found):
            found.append(hit)
    return found


def _block(chunk: Chunk) -> Block:
    return Block(0, chunk.path, chunk.start_line, tuple(chunk.text.split("\n")), chunk.symbol, chunk.language)


def _holds(whole: Chunk, part: Chunk) -> bool:
    inside = whole.start_line <= part.start_line and part.end_line <= whole.end_line
    return whole.path == part.path and inside
