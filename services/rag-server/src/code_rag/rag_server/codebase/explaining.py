"""Says why a file or folder is not indexed, and what to do about it."""

import re
from dataclasses import dataclass

from code_rag.rag_server.codebase.skipping import MAX_DATA_BYTES, MAX_WANTED_BYTES, Reason
from code_rag.rag_server.model import SkippedFile


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a path is left out."""

    path: str
    """What is left out: the file itself, or the folder above it, which ends in a slash."""
    reason: str
    rule: str
    """The line of a rule file that decided it; empty if another rule did."""
    explanation: str
    advice: str


_ASK_FOR = "To index it all the same, add the line `{line}` to .ragignore in the root folder of the codebase."
_NOTHING = "No setting overrules this."

_SENTENCES: dict[Reason, tuple[str, str]] = {
    Reason.IGNORED: ("A rule leaves it out ({rule}).", _ASK_FOR),
    Reason.BUILD_OUTPUT: ("By its name or place this is build output or a cache.", _ASK_FOR),
    Reason.VENDORED: ("By its name, place or content this is a copy of others' code.", _ASK_FOR),
    Reason.NESTED_REPOSITORY: (
        "This is a repository of its own: a submodule, a linked work tree or a clone.",
        "Set INDEX_NESTED_REPOSITORIES=true to index such folders, or index it as a codebase of its own.",
    ),
    Reason.SECRET: ("Files of this name hold secrets.", f"{_NOTHING} Rename it if it holds none."),
    Reason.SYMLINK: (
        "This is a symbolic link, and links are not followed.",
        f"{_NOTHING} What it leads to is indexed if it is in the codebase.",
    ),
    Reason.TOO_LARGE: (
        f"It is larger than MAX_FILE_BYTES, or it is data of more than {MAX_DATA_BYTES:,} bytes.",
        f"Increase MAX_FILE_BYTES. {_ASK_FOR} That is enough up to {MAX_WANTED_BYTES:,} bytes.",
    ),
    Reason.EMPTY: ("There is no text in it.", "There is nothing to do."),
    Reason.BINARY: ("It is not text.", _NOTHING),
    Reason.ENCODING: (
        "It is text in an encoding that is not recognised.",
        "Save it as UTF-8, or set LEGACY_ENCODING to its encoding, such as cp1250.",
    ),
    Reason.INVALID_NOTEBOOK: ("It is not a valid Jupyter notebook.", "Open it in Jupyter and save it again."),
    Reason.GENERATED: ("By its name, a rule or the comment at its top it is generated.", _ASK_FOR),
    Reason.MINIFIED: ("Its lines are longer than people write them.", _ASK_FOR),
    Reason.UNREADABLE: (
        "It cannot be read.",
        "Check its permissions, that its name is valid UTF-8, and that its path is not longer than the "
        "system allows (4,096 bytes on Linux).",
    ),
    Reason.SLOW: (
        "The disk did not answer in time.",
        "Check the disk or the mount that it is on, then run `coderag index`. What is indexed of it is kept.",
    ),
    Reason.TOO_MANY_RULES: (
        "It has more rules with wildcards than are applied.",
        "Shorten it: the last of its rules have no effect.",
    ),
}


def explain(skipped: SkippedFile) -> Exclusion:
    """The reason in a sentence, and another one that says what to do."""
    explanation, advice = _SENTENCES[Reason(skipped.reason)]
    if skipped.reason == Reason.IGNORED and not skipped.rule:
        explanation, advice = "It belongs to version control.", _NOTHING
    elif skipped.rule.partition(",")[0].endswith(".ragignore"):
        advice = "Change that rule."
    return Exclusion(
        skipped.path,
        skipped.reason,
        skipped.rule,
        explanation.format(rule=skipped.rule),
        advice.format(line=f"!/{_escaped(skipped.path)}"),
    )


def _escaped(path: str) -> str:
    return re.sub(r"([*?\[\\])", r"\\\1", path)
