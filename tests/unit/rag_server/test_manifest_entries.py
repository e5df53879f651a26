"""The entries of manifests and build files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.overview.entries import entries

PYPROJECT = """\
[project]
name = "shop"
dependencies = [
    "attrs>=23",
]

# Programs.
[project.scripts]
shop = "shop.cli:main"
"""
PACKAGE = """\
{
  "name": "shop",
  "bin": {
    "shop": "./bin/shop.js"
  },
  "scripts": { "test": "vitest" }
}
"""
COMPOSE = """\
services:
  api:
    image: shop
    environment:
      LEVEL: info
  worker:
    image: worker
volumes: {}
"""
POM = """\
<project>
  <artifactId>shop</artifactId>
  <!-- <name>old</name> -->
  <modules>
    <module>api</module>
  </modules>
</project>
"""
MAKEFILE = "VERSION := 1\n\n# Everything.\ntest: build ## tests\n\tpytest\n\tmypy\nbuild:\n\tcargo build\n"
GOMOD = "module example.com/shop\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/net v0.1\n)\n"
DOCKERFILE = 'FROM a\nHEALTHCHECK \\\n    CMD ["b"]\nCMD ["c"]\n'
SETUP = """\
setup(
    name="shop",
    entry_points='''
        [console_scripts]
        shop=shop:main
    ''',
)
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("pyproject.toml", PYPROJECT, {
            "project": (1, 5), "project.name": (2, 2), "project.dependencies": (3, 5),
            "project.scripts": (8, 9), "project.scripts.shop": (9, 9),
        }),
        ("setup.cfg", "[metadata]\nname = shop\nlicense =\n    MIT\n", {"metadata.license": (3, 4)}),
        ("package.json", PACKAGE, {"name": (2, 2), "bin": (3, 5), "scripts.test": (6, 6)}),
        ("docker-compose.yml", COMPOSE, {
            "services": (1, 7), "services.api": (2, 5), "services.api.environment": (4, 5),
            "services.worker": (6, 7), "volumes": (8, 8),
        }),
        ("pom.xml", POM, {"artifactId": (2, 2), "modules": (4, 6), "modules.module": (5, 5)}),
        ("Makefile", MAKEFILE, {"test": (3, 6), "build": (7, 8)}),
        ("go.mod", GOMOD, {"module": (1, 1), "go": (3, 3), "require": (5, 7)}),
        ("Dockerfile", DOCKERFILE, {"FROM": (1, 1), "HEALTHCHECK": (2, 3), "CMD": (4, 4)}),
        ("setup.py", SETUP, {"name": (2, 2), "entry_points": (3, 6)}),
        ("build.gradle", "plugins {\n  id 'java'\n}\n", {"plugins": (1, 3)}),
        ("shop.gemspec", 'Gem.new do |s|\n  s.summary = "Sells"\nend\n', {"s.summary": (2, 2)}),
        ("PKG-INFO", "Name: shop\nSummary: Sells things.\n", {"Name": (1, 1), "Summary": (2, 2)}),
    ],
)  # fmt: skip
def test_each_entry_has_its_lines(path: str, text: str, expected: dict[str, tuple[int, int]]) -> None:
    """A key is found with the keys around it, and with all lines of its value."""
    found = {each.key: (each.first + 1, each.last + 1) for each in entries(path.lower(), text.split("\n"))}

    assert found.items() >= expected.items()


NAMES = (
    "pyproject.toml",
    "package.json",
    "compose.yaml",
    "pom.xml",
    "makefile",
    "go.mod",
    "dockerfile",
    "pkg-info",
)


@given(st.sampled_from(NAMES), st.text(st.sampled_from("ab:=[]{}()\"'<>/#\\\n\t -."), max_size=80))
def test_entries_stay_inside_the_file(path: str, text: str) -> None:
    """Whatever a manifest holds, each entry is lines of it."""
    lines = text.split("\n")

    assert all(0 <= each.first <= each.last < len(lines) for each in entries(path, lines))


@given(st.dictionaries(st.text("abc", min_size=1), st.lists(st.integers()) | st.text("xy{}[]:,"), min_size=1))
def test_every_key_of_a_json_object_is_found(value: dict[str, object]) -> None:
    """Keys are found in order, whatever characters the values have."""
    lines = json.dumps(value, indent=2).split("\n")

    assert [each.key for each in entries("package.json", lines)] == list(value)
