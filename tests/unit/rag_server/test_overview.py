"""Answers to questions about a codebase as a whole, over small trees of several ecosystems."""

from collections.abc import Mapping

import pytest

from code_rag.rag_server.codebase.languages import detect_language
from code_rag.rag_server.overview import Overview, Tree, recognise
from code_rag.rag_server.overview.source import Source
from code_rag.rag_server.quoting import Quotes

DO, START = "What does this project do?", "Where does the program start?"
CONFIGURED, TESTED, SERVICES = "How is it configured?", "How do I run the tests?", "Which services are there?"

README = "# Shop\n\nShop sells things for the home and the garden.\n\n## Configuration\n\nSet `SHOP_PORT`.\n"
APPLICATION = "api/src/main/java/shop/ShopApplication.java"
PYTHON = {
    "README.md": README,
    "pyproject.toml": '[project]\nname = "shop"\n\n[project.scripts]\nshop = "shop.cli:main"\n\n'
    "[tool.pytest.ini_options]\n",
    "shop/cli.py": "import sys\n\n\ndef main():\n    sys.exit(run())\n",
    "shop/settings.py": "import os\n\n\nclass Settings:\n    port = 80\n",
    "tests/test_cli.py": "def main():\n    pass\n",
}
NODE = {
    "package.json": '{\n  "name": "shop",\n  "description": "Sells things.",\n  "main": "lib/shop.js",\n'
    '  "scripts": {\n    "test": "vitest run"\n  }\n}',
    "lib/shop.js": "const http = require('http');\n\nexports.sell = () => 1;\n",
    "lib/defaults.js": "module.exports = {};\nconst DEFAULTS = {\n  port: 80,\n};\n",
}
GO = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "doc.go": "// Package shop sells things for the home.\npackage shop\n",
    "cmd/shop/main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println(1)\n}\n',
}
RUST = {
    "Cargo.toml": '[package]\nname = "shop"\ndescription = "Sells things."\n',
    "src/main.rs": "mod a;\n\nfn main() {\n    a::run();\n}\n",
    "src/config.rs": "use std::env;\n\npub struct Config {\n    pub port: u16,\n}\n",
}
JAVA = {
    "pom.xml": "<project>\n  <artifactId>shop</artifactId>\n  <description>Sells things.</description>\n"
    "  <modules>\n    <module>api</module>\n  </modules>\n</project>\n",
    APPLICATION: "package shop;\n\npublic class ShopApplication {\n"
    "  public static void main(String[] args) {\n    run();\n  }\n}\n",
    "api/src/main/resources/application.yml": "server:\n  port: 80\n",
}
COMPOSE = {
    "README.md": README,
    "docker-compose.yml": "services:\n  api:\n    build: api\n    environment:\n      LEVEL: info\n"
    "  worker:\n    image: w\n",
    "api/Dockerfile": 'FROM python\nCMD ["uvicorn", "api.main:app"]\n',
    "api/main.py": "from api import build\n\napp = build()\n",
    "Makefile": "test: ## all of them\n\tpytest\n",
}
CMAKE = {
    "README.rst": "Shop\n====\n\nShop sells things for the home.\n\nBuilding\n--------\n\nRun cmake.\n",
    "CMakeLists.txt": "project(shop)\nadd_executable(shop main.cpp)\n",
    "main.cpp": "#include <a>\n\nint main() {\n  return 0;\n}\n",
}
PHP = {
    "composer.json": '{\n  "name": "acme/shop",\n  "description": "Sells things.",\n'
    '  "scripts": {\n    "test": "phpunit"\n  }\n}',
    "public/index.php": "<?php\nfunction main() {\n  echo 1;\n}\n",
}
WHEEL = {
    "shop-1.0/PKG-INFO": "Name: shop\nSummary: Sells.\nLicense: MIT\n\nShop sells things for the home.\n",
    "shop-1.0/shop/__init__.py": '"""Sells things for the home and garden."""\n',
}
SIDE_BY_SIDE = {
    "axios/lib/axios.js": "/**\n * Promise based client for the browser.\n */\nexport default 1;\n",
    "axios/lib/defaults/index.js": "const defaults = {\n  timeout: 0,\n};\n",
    "click/click/__init__.py": '"""Click is a module for writing command line scripts."""\n',
    "zod/zod/config.ts": "export const config = {\n  jitless: true,\n};\n",
}


def ask(files: Mapping[str, str], question: str) -> Quotes | None:
    """The overview's answer over these files, which are the only codebase, `shop`."""
    overview = Overview.of(recognise(question), Tree(tuple(files), (("shop", ""),)))
    sources: dict[str, Source] = {}
    for _ in range(2):
        for path in overview.paths(sources) if overview else ():
            sources[path] = Source(path, detect_language(path), tuple(files[path].split("\n")))
    return overview.answer(sources) if overview else None


def shown(quotes: Quotes | None) -> list[tuple[str, str]]:
    """The path of each place and the lines that it quotes."""
    found = quotes.excerpts if quotes else ()
    return [(each.path, "\n".join("\n".join(lines) for _, lines in each.quoted())) for each in found]


@pytest.mark.parametrize(
    ("files", "question", "path", "line"),
    [
        (PYTHON, DO, "README.md", "Shop sells things for the home and the garden."),
        (PYTHON, START, "shop/cli.py", "    sys.exit(run())"),
        (PYTHON, CONFIGURED, "README.md", "Set `SHOP_PORT`."),
        (PYTHON, CONFIGURED, "shop/settings.py", "class Settings:"),
        (PYTHON, TESTED, "pyproject.toml", "[tool.pytest.ini_options]"),
        (NODE, DO, "package.json", '  "description": "Sells things.",'),
        (NODE, START, "lib/shop.js", "exports.sell = () => 1;"),
        (NODE, CONFIGURED, "lib/defaults.js", "  port: 80,"),
        (NODE, TESTED, "package.json", '    "test": "vitest run"'),
        (GO, DO, "doc.go", "// Package shop sells things for the home."),
        (GO, START, "cmd/shop/main.go", "func main() {"),
        (GO, TESTED, "go.mod", "module example.com/shop"),
        (RUST, DO, "Cargo.toml", 'description = "Sells things."'),
        (RUST, START, "src/main.rs", "fn main() {"),
        (RUST, CONFIGURED, "src/config.rs", "    pub port: u16,"),
        (JAVA, DO, "pom.xml", "  <description>Sells things.</description>"),
        (JAVA, START, APPLICATION, "  public static void main(String[] args) {"),
        (JAVA, CONFIGURED, "api/src/main/resources/application.yml", "  port: 80"),
        (JAVA, SERVICES, "pom.xml", "    <module>api</module>"),
        (COMPOSE, START, "api/main.py", "app = build()"),
        (COMPOSE, CONFIGURED, "docker-compose.yml", "      LEVEL: info"),
        (COMPOSE, TESTED, "Makefile", "\tpytest"),
        (COMPOSE, SERVICES, "docker-compose.yml", "  worker:"),
        (CMAKE, DO, "README.rst", "Shop sells things for the home."),
        (CMAKE, START, "main.cpp", "int main() {"),
        (CMAKE, "how do I build it", "README.rst", "Run cmake."),
        (PHP, DO, "composer.json", '  "description": "Sells things.",'),
        (PHP, TESTED, "composer.json", '    "test": "phpunit"'),
        (WHEEL, DO, "shop-1.0/PKG-INFO", "Shop sells things for the home."),
        (WHEEL, "which license does it have", "shop-1.0/PKG-INFO", "License: MIT"),
    ],
)  # fmt: skip
def test_the_place_that_answers_is_quoted(
    files: Mapping[str, str], question: str, path: str, line: str
) -> None:
    """Of each ecosystem the lines that its users would look for are shown, in at most three places."""
    places = shown(quotes := ask(files, question))

    assert quotes is not None
    assert quotes.state == "answered"
    assert len(places) <= 3
    assert [text for place, text in places if place == path and line in text.split("\n")]


@pytest.mark.parametrize(
    ("files", "question"),
    [(PYTHON, "how do I deploy it"), (GO, CONFIGURED), (RUST, "who wrote this"), ({}, DO)],
)
def test_what_nothing_answers_is_left_to_the_search(files: Mapping[str, str], question: str) -> None:
    """Where the files that would answer are missing there is no overview."""
    assert ask(files, question) is None


def test_a_name_of_nothing_is_left_to_the_search() -> None:
    """A question about something that is no project or folder is not an overview question."""
    assert ask(PYTHON, "where does the retry start") is None


def test_a_named_project_is_the_only_one_looked_at() -> None:
    """Of packages side by side the question is about the one that it names."""
    assert [path for path, _ in shown(ask(SIDE_BY_SIDE, "how is axios configured"))] == [
        "axios/lib/defaults/index.js"
    ]


def test_packages_side_by_side_are_each_introduced() -> None:
    """What a folder of packages does is what each of them is for."""
    quotes = ask(SIDE_BY_SIDE, DO)

    assert quotes
    assert quotes.opening == "There are 3 projects here: `axios`, `click`, `zod`."
    assert {path for path, _ in shown(quotes)} == {"axios/lib/axios.js", "click/click/__init__.py"}


def test_the_structure_is_the_tree() -> None:
    """The top folders are listed with their files, above what the project is."""
    quotes = ask(PYTHON, "How is the code organised?")

    assert quotes
    assert quotes.opening == "The top folders:\n\n- `shop/` (2 files)\n- `tests/` (1 file)"
    assert [path for path, _ in shown(quotes)] == ["README.md"]


def test_a_library_says_that_no_program_starts() -> None:
    """Where nothing starts, what users import is shown, and the sentence above says so."""
    quotes = ask({"shop/__init__.py": '"""Sells things for the home."""\n'}, START)

    assert quotes
    assert quotes.opening.startswith("No program that starts was found")


def test_a_build_tools_own_command_is_named() -> None:
    """Where the project names no command for its tests, the build tool has one."""
    quotes = ask(GO, TESTED)

    assert quotes
    assert quotes.opening == "The build tool's own command for this is `go test ./...`."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "# Copyright the authors\n# All rights reserved\n\n# Sells things for the home.\nx = 1\n",
            "# Sells things for the home.",
        ),
        ('"""Sells things for the home.\n\nMore.\n\n:license: MIT\n"""\n', '"""Sells things for the home.'),
    ],
)
def test_a_licence_describes_nothing(text: str, line: str) -> None:
    """A comment that starts as a licence is left out; one that ends by naming it is not."""
    assert [shown_text.split("\n")[0] for _, shown_text in shown(ask({"shop/__init__.py": text}, DO))] == [
        line
    ]


def test_the_index_nearest_to_the_root_describes_a_project() -> None:
    """What the package itself does not say, a package inside it does not say for it."""
    files = {"shop/__init__.py": "x = 1\n", "shop/old/__init__.py": '"""Sells things as it did before."""\n'}

    assert ask(files, DO) is None
