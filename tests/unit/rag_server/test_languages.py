"""The language of a file."""

import pytest

from code_rag.rag_server.codebase.languages import detect_language


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("src/app.py", "", "python"),
        ("SRC/APP.PY", "", "python"),
        ("ui/App.tsx", "", "tsx"),
        ("ui/store.ts", "", "typescript"),
        ("Program.cs", "", "csharp"),
        ("lib/list.h", "struct list;\n", "c"),
        ("lib/list.h", "namespace lib {\n", "cpp"),
        ("Dockerfile", "", "dockerfile"),
        ("Dockerfile.dev", "", "dockerfile"),
        ("Makefile", "", "makefile"),
        ("docs/README.md", "", "markdown"),
        ("README", "", "text"),
        (".gitignore", "", "text"),
        ("py", "", "text"),
        ("bin/deploy", "#!/bin/sh -e\n", "bash"),
        ("bin/deploy", "#!/usr/bin/env python3.11\n", "python"),
        ("bin/deploy", "#!/usr/bin/env -S node --harmony\n", "javascript"),
        ("bin/deploy", "#!\n", "text"),
        ("bin/deploy", "#!/bin/true\n", "text"),
    ],
)
def test_language_by_name_and_first_line(path: str, text: str, language: str) -> None:
    """The file's name decides, then its text for headers of C and scripts without an ending."""
    assert detect_language(path, text) == language
