"""How a JSON file is indented, and a value written so."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_FIRST_MEMBER = re.compile(r"^([ \t]+)\"", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class JsonStyle:
    """The indentation of one level, and the end of a line."""

    unit: str = "  "
    newline: str = "\n"

    @classmethod
    def of(cls, text: str) -> Self:
        """As the first indented member of a text has it; two spaces where there is none."""
        first = _FIRST_MEMBER.search(text)
        return cls(first[1] if first else "  ", "\r\n" if "\r\n" in text else "\n")

    def member(self, key: str, value: Any, indent: str) -> str:
        """A member whose line starts with `indent`."""
        return f"{json.dumps(key)}: {self.value(value, indent)}"

    def value(self, value: Any, indent: str) -> str:
        """Objects over several lines, everything else on one."""
        if not isinstance(value, Mapping) or not value:
            return json.dumps(value, ensure_ascii=False)
        inner = indent + self.unit
        members = (self.member(key, each, inner) for key, each in value.items())
        between = f",{self.newline}{inner}"
        return f"{{{self.newline}{inner}{between.join(members)}{self.newline}{indent}}}"
