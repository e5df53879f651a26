"""What was removed from an answer."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Removals:
    """Counts what a model wrote and nobody is shown."""

    citations: int = 0
    """Of blocks that are not there."""
    links: int = 0
    """To addresses that stand neither in the code nor in the question."""
    went_on: bool = False
    """It wrote a question of its own after the answer."""

    def notes(self) -> Iterator[tuple[str, str]]:
        """For each kind what it is counted as, and a sentence."""
        if self.citations:
            places = _counted(self.citations, "citation")
            yield "invented citation", f"removed {places} of places that the model was not shown"
        if self.links:
            yield "invented link", f"removed {_counted(self.links, 'link')} that the model made up"
        if self.went_on:
            yield "text after the answer", "removed what the model wrote after its answer"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
