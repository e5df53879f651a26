"""What a question about a codebase as a whole can be about."""

from enum import StrEnum


class Topic(StrEnum):
    """What an overview question is about."""

    PURPOSE = "purpose"
    ENTRY = "entry"
    CONFIGURATION = "configuration"
    TESTS = "tests"
    BUILD = "build"
    INSTALL = "install"
    RUN = "run"
    DEPLOY = "deploy"
    PARTS = "parts"
    COMMANDS = "commands"
    DEPENDENCIES = "dependencies"
    LANGUAGES = "languages"
    LICENSE = "license"
    VERSION = "version"
    AUTHORS = "authors"
    STRUCTURE = "structure"
