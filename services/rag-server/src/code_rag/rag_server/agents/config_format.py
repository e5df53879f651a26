"""What each format of configuration files can do; texts go in and come out, everything else in them stays."""

from typing import Any, Protocol

Entry = dict[str, Any]


class Unreadable(Exception):
    """A text is not what its format says, or is written in a way that cannot be changed with care."""


class ConfigFormat(Protocol):
    """Reads a file of named entries in a container at its top, and changes one of them.

    Every method raises Unreadable for a text that it cannot read or change.
    """

    def entries(self, text: str, container: str) -> dict[str, Any]:
        """The entries of a container by name; none where there is no container."""

    def put(self, text: str, container: str, name: str, entry: Entry) -> str:
        """The text with this entry in place of one of the same name, or as a new one."""

    def drop(self, text: str, container: str, name: str) -> str:
        """The text without the entry, and without the container if that is empty then."""

    def rest(self, text: str, container: str, name: str) -> Any:
        """All that the text says besides this entry, to compare; None if that is nothing."""
