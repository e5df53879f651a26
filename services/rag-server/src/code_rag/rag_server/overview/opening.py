"""The sentences before the places of an overview: what the tree itself shows."""

from collections import Counter
from collections.abc import Sequence

from code_rag.rag_server.codebase.languages import DATA, PROSE, detect_language
from code_rag.rag_server.overview.manifests import COMMANDS, is_manifest
from code_rag.rag_server.overview.source import LIBRARY
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.overview.tree import Tree
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.servicekit.wire.evidence import visible

MOST_FOLDERS = 16
MOST_LANGUAGES = 6

About = Sequence[tuple[Topic, Sequence[str]]]


def opening(tree: Tree, asked: About, places: Sequence[Excerpt]) -> str:
    """What to say before the places; empty where they say everything."""
    parts = list[str]()
    if len(tree.homes) > 1 and any(len(homes) > 1 for _, homes in asked):
        names = [home.rstrip("/") for home in tree.homes]
        parts.append(f"There are {len(names)} projects here: {_listed(sorted(names, key=str.casefold))}.")
    for topic, homes in asked:
        if topic in (Topic.PARTS, Topic.STRUCTURE) and len(homes) == 1:
            parts += [_folders(tree, home) for home in homes]
        elif topic is Topic.LANGUAGES:
            parts.append(_languages([path for home in homes for path in tree.below(home)]))
        elif topic is Topic.ENTRY and all(place.kind == LIBRARY for place in places):
            parts.append("No program that starts was found; this is what a library gives to its users.")
        elif topic in COMMANDS:
            parts.append(_command(topic, places))
    return "\n\n".join(part for part in parts if part)


def _command(topic: Topic, places: Sequence[Excerpt]) -> str:
    """The build tool's own command, where the project names none itself."""
    names = [place.path.rpartition("/")[2] for place in places]
    commands = [
        command for kinds, _, command in COMMANDS[topic] for name in names if is_manifest(name, kinds)
    ]
    return (
        f"The build tool's own command for this is {_inline(commands[0])}."
        if commands and len(places) == 1
        else ""
    )


def _folders(tree: Tree, home: str) -> str:
    """The folders of a project, each with the number of files in it."""
    folders = tree.folders(home)
    if not folders:
        return ""
    largest = sorted(folders, key=lambda each: -each[1])[:MOST_FOLDERS]
    lines = [f"- {_inline(f'{name}/')} ({_files(count)})" for name, count in sorted(largest)]
    left = len(folders) - len(largest)
    more = [f"- and {left} more"] if left else []
    where = f" of {_inline(home.rstrip('/'))}" if home else ""
    return "\n".join([f"The top folders{where}:", "", *lines, *more])


def _languages(paths: Sequence[str]) -> str:
    counted = Counter(detect_language(path) for path in paths)
    code = [(name, count) for name, count in counted.most_common() if name not in DATA | PROSE]
    return (
        "Files by language: " + ", ".join(f"{name} {count}" for name, count in code[:MOST_LANGUAGES]) + "."
        if code
        else ""
    )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(_inline, names[:MOST_FOLDERS]))
    return f"{shown} and {len(names) - MOST_FOLDERS} more" if len(names) > MOST_FOLDERS else shown


def _inline(name: str) -> str:
    return f"`{visible(name).replace('`', chr(39))}`"
