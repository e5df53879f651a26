"""Where to look for the answer to each overview question, in which order."""

from collections.abc import Mapping, Sequence
from typing import Final

from code_rag.rag_server.overview.topic import Topic

STEPS: Final[Mapping[Topic, Sequence[tuple[str, int]]]] = {
    Topic.PURPOSE: (("introduction", 1), ("description", 1), ("keys", 1)),
    Topic.ENTRY: (
        ("keys", 1),
        ("targets", 2),
        ("starts", 3),
        ("section", 1),
        ("description", 1),
        ("library", 1),
    ),
    Topic.CONFIGURATION: (("section", 1), ("settings", 2), ("samples", 1), ("keys", 1)),
    Topic.TESTS: (("keys", 2), ("section", 1), ("command", 1)),
    Topic.BUILD: (("keys", 2), ("section", 1), ("command", 1)),
    Topic.INSTALL: (("section", 2), ("keys", 1)),
    Topic.RUN: (("section", 2), ("keys", 2)),
    Topic.DEPLOY: (("section", 1), ("keys", 2)),
    Topic.PARTS: (("keys", 1), ("section", 2)),
    Topic.COMMANDS: (("keys", 2), ("section", 1)),
    Topic.DEPENDENCIES: (("keys", 2), ("section", 1)),
    Topic.LANGUAGES: (("section", 1), ("keys", 1)),
    Topic.LICENSE: (("keys", 1), ("licences", 1), ("section", 1)),
    Topic.VERSION: (("keys", 1), ("versions", 1)),
    Topic.AUTHORS: (("keys", 1), ("section", 1)),
    Topic.STRUCTURE: (("section", 2),),
}
"""For each topic the steps, and how many places are taken of each."""

INSTEAD_OF: Final[Mapping[str, frozenset[str]]] = {
    "description": frozenset({"introduction", "keys", "targets", "starts", "section"}),
    "command": frozenset({"keys", "section"}),
    "library": frozenset({"keys", "targets", "starts", "section", "description"}),
}
"""Steps that are taken only where these others found nothing."""
