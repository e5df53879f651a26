"""Which file is a manifest, and which of its entries say what."""

import re
from typing import Final

from code_rag.rag_server.overview.topic import Topic

_PYTHON = r"pyproject\.toml|setup\.cfg|setup\.py"
_NODE = r"package\.json|deno\.jsonc?|composer\.json"
_JVM = r"pom\.xml|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|build\.sbt"
_OTHER = (
    r"cargo\.toml|go\.mod|[\w.-]+\.gemspec|mix\.exs|cmakelists\.txt|meson\.build|[\w.-]+\.csproj"
    r"|pubspec\.yaml"
)
MANIFEST: Final = rf"(?:{_PYTHON}|{_NODE}|{_JVM}|{_OTHER})"
"""The base names of manifests, lower-cased."""

COMPOSE: Final = r"(?:docker-)?compose[\w.-]*\.ya?ml"
MAKE: Final = r"(?:gnu)?makefile|\.?justfile"
DOCKER: Final = r"(?:dockerfile|containerfile)(?:\.\w+)?"
PROCFILE: Final = "procfile"
TOX: Final = r"tox\.ini"
METADATA: Final = r"pkg-info|metadata"
PACKAGES: Final = r"requirements[\w.-]*\.txt|gemfile|pipfile"
WORKSPACE: Final = r"go\.work|pnpm-workspace\.yaml|lerna\.json"

_TABLE = (
    r"(?:project\.|metadata\.|package\.|tool\.poetry\.|workspace\.package\.|propertygroup\.|spec\."
    r"|s\.|gem\.)?"
)

KEYS: Final[dict[Topic, tuple[tuple[str, str], ...]]] = {
    Topic.PURPOSE: (
        (MANIFEST, _TABLE + r"(?:name|description|summary|artifactid)"),
        (r"go\.mod", "module"),
        (r"cmakelists\.txt|meson\.build", "project"),
        (METADATA, "name|summary"),
    ),
    Topic.ENTRY: (
        (MANIFEST, r"(?:project|tool\.poetry)\.(?:gui-)?scripts|options\.entry_points|entry_points|bin"
                   r"|main|scripts\.start"
                   r"|lib|.*mainclass(?:name)?|executables"),
        (DOCKER, "cmd|entrypoint"),
        (PROCFILE, ".*"),
        (COMPOSE, r"services\.[\w-]+\.(?:command|entrypoint)"),
    ),
    Topic.CONFIGURATION: (
        (COMPOSE, r"services\.[\w-]+\.environment"),
    ),
    Topic.TESTS: (
        (MAKE, r"tests?|check|test-\w+|unit-?tests?"),
        (_NODE, r"scripts\.(?:test|check|test:unit|unit)"),
        (TOX, r"testenv(?:\.commands|\.deps)?"),
        (MANIFEST, r"tool\.pytest(?:\.ini_options)?|tool:pytest|tool\.hatch\.envs\.[\w.-]+\.scripts|pytest"
                   r"|tool\.pdm\.scripts\.test|enable_testing|add_test|test"),
    ),
    Topic.BUILD: (
        (MAKE, r"all|build|compile|dist|default"),
        (_NODE, r"scripts\.(?:build|compile|prepare|prepack)"),
        (DOCKER, "run"),
        (MANIFEST, r"build-system|plugins|build\.plugins|add_executable|add_library"),
    ),
    Topic.INSTALL: (
        (MAKE, r"install|setup|dev|init|bootstrap|deps"),
        (_NODE, r"scripts\.(?:postinstall|prepare|setup)|engines|require"),
        (MANIFEST, r"(?:project|options)\.(?:requires-python|python_requires)|requires-python"
                   r"|python_requires"),
    ),
    Topic.RUN: (
        (MAKE, r"run|start|serve|dev|up"),
        (_NODE, r"scripts\.(?:start|dev|serve)|bin"),
        (PROCFILE, ".*"),
        (MANIFEST, r"project\.scripts|tool\.poetry\.scripts|options\.entry_points|entry_points"),
        (DOCKER, "cmd|entrypoint"),
    ),
    Topic.DEPLOY: (
        (MAKE, r"deploy|release|publish|up"),
        (_NODE, r"scripts\.(?:deploy|release)"),
        (DOCKER, "from|expose|cmd|entrypoint"),
        (COMPOSE, r"services\.[\w-]+"),
        (PROCFILE, ".*"),
    ),
    Topic.PARTS: (
        (COMPOSE, r"services\.[\w-]+"),
        (WORKSPACE, "use|packages"),
        (MANIFEST, r"workspaces|workspace\.members|modules|include|tool\.uv\.workspace(?:\.members)?"
                   r"|add_subdirectory"),
    ),
    Topic.COMMANDS: (
        (MANIFEST, r"(?:project|tool\.poetry)\.(?:gui-)?scripts|options\.entry_points|entry_points|bin"
                   r"|scripts"
                   r"|executables|add_executable"),
        (MAKE, r"\.?(?!phony)[\w-]+"),
    ),
    Topic.DEPENDENCIES: (
        (MANIFEST, r"(?:project\.|tool\.poetry\.|options\.)?(?:dependencies|install_requires"
                   r"|requires-python|python_requires"
                   r"|devdependencies|peerdependencies|engines|require|itemgroup)|go|package\.(?:edition"
                   r"|rust-version)"
                   r"|find_package"),
        (PACKAGES, ".*"),
        (METADATA, "requires-(?:dist|python)"),
    ),
    Topic.LANGUAGES: (
        (MANIFEST, r"(?:project\.|options\.)?(?:requires-python|python_requires|engines|classifiers)|go"
                   r"|package\.(?:edition|rust-version)"),
    ),
    Topic.LICENSE: (
        (MANIFEST, _TABLE + r"licen[cs]es?"),
        (METADATA, "license(?:-expression)?"),
    ),
    Topic.VERSION: (
        (MANIFEST, _TABLE + r"(?:version|dynamic)|tool\.setuptools\.dynamic|tool\.hatch\.version"),
        (METADATA, "version"),
    ),
    Topic.AUTHORS: (
        (MANIFEST, _TABLE + r"(?:authors?|maintainers?|author_email|contributors|developers|email)"),
        (METADATA, r"(?:author|maintainer)(?:-email)?"),
    ),
}  # fmt: skip
"""For each topic base names of files and keys of their entries, best first."""

HEADS: Final = re.compile(r"services\.[\w-]+")
"""Entries of which the first line says enough."""

SECTIONS: Final[dict[Topic, str]] = {
    Topic.PURPOSE: r"about|overview|introduction|description|what is .*|what .* does|why .*|motivation"
                   r"|purpose|features",
    Topic.ENTRY: r"entry ?points?|how it starts|startup",
    Topic.CONFIGURATION: r".*\b(?:configur\w+|config|settings|environment variables|options|defaults"
                         r"|customi[sz]\w+)\b.*",
    Topic.TESTS: r".*\b(?:tests?|testing)\b.*",
    Topic.BUILD: r".*\b(?:build|building|compiling|from source)\b.*",
    Topic.INSTALL: r".*\b(?:install\w*|setup|set up|setting up|requirements|prerequisites|getting "
                   r"started)\b.*",
    Topic.RUN: r".*\b(?:usage|running|run it|quick ?start|getting started|how to (?:use|run)|start"
               r"|examples?)\b.*"
               r"|two commands|use",
    Topic.DEPLOY: r".*\b(?:deploy\w*|production|docker|kubernetes)\b.*",
    Topic.PARTS: r"(?:(?:the|our|main|sub)\W?)?(?:services|modules|packages|components|parts|architecture"
                 r"|crates|apps)",
    Topic.COMMANDS: r".*\b(?:commands?|cli|scripts|usage|command[- ]line.*)\b.*",
    Topic.DEPENDENCIES: r".*\b(?:dependencies|requirements|prerequisites|supported .*versions?)\b.*",
    Topic.LANGUAGES: r".*\b(?:tech(?:nology)? stack|built with|technologies|stack|languages?)\b.*",
    Topic.LICENSE: r"(?:the )?licen[cs]\w+.*|copyright.*|legal",
    Topic.VERSION: r"version(?:ing)?",
    Topic.AUTHORS: r"authors?|maintainers?|team|credits|contact|acknowledge?ments",
    Topic.STRUCTURE: r".*\b(?:structure|layout|architecture|organi[sz]ation|how it works|design|code ?map"
                     r"|where is|repository|tour)\b.*",
}  # fmt: skip
"""For each topic the titles of sections that are about it."""

COMMANDS: Final[dict[Topic, tuple[tuple[str, str, str], ...]]] = {
    Topic.TESTS: (
        (r"go\.mod", "module", "go test ./..."),
        (r"cargo\.toml", r"package\.name|workspace", "cargo test"),
        (r"pom\.xml", "artifactid", "mvn test"),
        (r"build\.gradle(?:\.kts)?", "plugins|dependencies", "gradle test"),
        (r"mix\.exs", "defmodule", "mix test"),
        (r"[\w.-]+\.csproj", "itemgroup", "dotnet test"),
    ),
    Topic.BUILD: (
        (r"go\.mod", "module", "go build ./..."),
        (r"cargo\.toml", r"package\.name|workspace", "cargo build"),
        (r"pom\.xml", "artifactid", "mvn package"),
        (r"build\.gradle(?:\.kts)?", "plugins|dependencies", "gradle build"),
        (r"cmakelists\.txt", "project", "cmake -B build && cmake --build build"),
        (r"[\w.-]+\.csproj", "propertygroup", "dotnet build"),
    ),
}
"""The build tools' own commands, by manifests and entries that show that the tool is used."""


def is_manifest(name: str, kinds: str) -> bool:
    """Whether a base name is one of these kinds of manifests."""
    return re.fullmatch(kinds, name, re.IGNORECASE) is not None
