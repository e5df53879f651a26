"""The codebase that is asked about, and what it has ever said."""

import json
from pathlib import Path
from typing import Any

LATEST = 5
SOURCE = '''"""The lighthouse of round {number}, written in state {state}."""


def {symbol}(ship):
    """Warns a ship of the rocks of round {number} with lamp {symbol}."""
    return ship.warn("{symbol}")
'''


class ChangingCodebase:
    """A copy of test-codebase in which each round saves a new file, and one file again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
        self._said: dict[str, list[list[str]]] = {}
        self.symbols: dict[str, str] = {}
        """The path of each symbol that a round has saved."""

    def save(self, number: int) -> None:
        """Save what round `number` brings; the file that is written again keeps its length."""
        symbol = f"lantern_{number:03}_keeper"
        self.symbols[symbol] = f"lighthouses/round_{number:03}.py"
        self._write(self.symbols[symbol], SOURCE.format(number=number, state=number, symbol=symbol))
        self._write("lighthouses/latest.py", SOURCE.format(number=0, state=number, symbol="lantern_of_today"))

    def latest(self) -> list[str]:
        """The symbols of the last rounds; that none is lost of those before, the count of chunks shows."""
        return list(self.symbols)[-LATEST:]

    def _write(self, path: str, text: str) -> None:
        self._versions(path).append(text.splitlines())  # first: it may be read as soon as it is there
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        draft = file.with_name(f".{file.name}.draft")
        draft.write_text(text)
        draft.replace(file)

    def _versions(self, path: str) -> list[list[str]]:
        """What a file has said, oldest first."""
        file = self.folder / path
        if path not in self._said:
            self._said[path] = [file.read_text().splitlines()] if file.is_file() else []
        return self._said[path]

    def has_changed(self, path: str) -> bool:
        """Whether a file has been saved more than once."""
        return len(self._versions(path)) > 1

    def has_said(self, hit: dict[str, Any]) -> bool:
        """Whether the text of a hit has stood at its lines."""
        first, last = hit["start_line"] - 1, hit["end_line"]
        text = hit["text"].splitlines()
        return any(version[first:last] == text for version in self._versions(hit["path"]))

    def has_had(self, path: str, last_line: int) -> bool:
        """Whether a file has had a line of this number."""
        return any(last_line <= len(version) for version in self._versions(path))
