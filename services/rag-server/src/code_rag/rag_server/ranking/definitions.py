"""Whether a chunk defines a symbol that the query names."""

from pathlib import PurePosixPath

from code_rag.rag_server.identifiers import defined_names, plain_name
from code_rag.rag_server.model import Chunk
from code_rag.rag_server.ranking.question import Question

NAMED_FILE = 1.0
OTHER_FILE = 2 / 3


def definition(question: Question, chunk: Chunk) -> float:
    """1 for a definition in the file that is named after it, two thirds in another file, else 0."""
    if question.names.isdisjoint(defined_names(chunk.symbols)):
        return 0.0
    return NAMED_FILE if plain_name(PurePosixPath(chunk.path).stem) in question.names else OTHER_FILE
