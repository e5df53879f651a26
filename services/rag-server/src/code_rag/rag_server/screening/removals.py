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

    def notes(self) -> Iterator[str]:
        """A sentence for each kind."""
        if self.citations:
            yield f"removed {_counted(self.citations, 'citation')} of places that the model was not shown"
        if self.links:
            yield f"removed {_counted(self.links, 'link')} that the model made up"
        if self.went_on:
            yield "removed what the model wrote after its answer"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
