"""How much each rule can add to a score, by what kind of query it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """The part that each rule adds where it applies fully."""

    meaning: float
    words: float
    definition: float
    file_words: float
    """For the words of the query that are in the name of the file or its folder."""
    file_named: float
    """For the words of the file's name that are in the query."""
    symbol_name: float
    file: float


PROSE = Weights(0.5, 0.55, 0.45, 0.4, 0.2, 0.15, 0.25)
SYMBOL = Weights(0.3, 0.8, 0.9, 0.2, 0.3, 0.15, 0.25)
