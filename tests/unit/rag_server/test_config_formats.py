"""Changing one entry of JSON with comments, TOML and YAML, whatever else the text says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.agents.config_format import ConfigFormat, Unreadable
from code_rag.rag_server.agents.editing import with_entry, without_entry
from code_rag.rag_server.agents.jsonc_format import JsoncFormat
from code_rag.rag_server.agents.toml_format import TomlFormat
from code_rag.rag_server.agents.yaml_format import YamlFormat

ENTRY = {"command": "/bin/coderag", "args": ["mcp"]}
JSON, TOML, YAML_KEYS, YAML_LIST = JsoncFormat(), TomlFormat(), YamlFormat(), YamlFormat(listed=True)

names = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
servers = st.dictionaries(names.filter(lambda name: name != "coderag"), values, max_size=3)
documents = st.builds(
    lambda data, servers: data | ({} if servers is None else {"servers": servers}),
    st.dictionaries(names.filter(lambda name: name != "servers"), values, max_size=4),
    st.none() | servers,
)


@given(documents, st.sampled_from([None, 0, 1, 2, 4, "\t"]), st.booleans())
def test_json_of_any_shape_gets_the_entry_and_loses_it(
    data: dict[str, Any], indent: int | str | None, plain: bool
) -> None:
    """The text says what it said and the entry; without it again, each byte is as it was."""
    text = json.dumps(data, indent=indent, ensure_ascii=plain)
    added = with_entry(text, JSON, "servers", "coderag", ENTRY)
    assert json.loads(added) == data | {"servers": data.get("servers", {}) | {"coderag": ENTRY}}
    removed = without_entry(added, JSON, "servers", "coderag")
    if data.get("servers") != {} and data:  # an empty one is not kept
        assert removed == text


COMMENTS = ("", " ", "\n", " // one\n", " /* two, } */ ", '// "a": {\n', "\r\n\t")
gaps = st.sampled_from(COMMENTS)


@given(st.lists(gaps, min_size=16, max_size=16), st.booleans(), st.booleans())
def test_comments_stay_where_they_are(gap: list[str], comma: bool, inner_comma: bool) -> None:
    """Whatever whitespace and comments stand between the tokens, removing the entry gives all of it back."""
    pieces = ["", "{", '"a"', ":", "[1,2]", ",", '"servers"', ":", "{", '"x"', ":", '"//"']
    pieces += [",", "}", ",", "}"]
    pieces = [piece for at, piece in enumerate(pieces) if (at != 12 or inner_comma) and (at != 14 or comma)]
    text = "".join(f"{piece}{space}" for piece, space in zip(pieces, gap, strict=False))
    added = with_entry(text, JSON, "servers", "coderag", ENTRY)
    assert JSON.entries(added, "servers") == {"x": "//", "coderag": ENTRY}
    for comment in (each.strip() for each in COMMENTS):
        assert added.count(comment) >= text.count(comment)
    assert without_entry(added, JSON, "servers", "coderag") == text


@pytest.mark.parametrize(
    "text",
    [
        "{'servers': {}}", "{servers: {}}", '{"servers": {"a": x}}', '{"a": 1} {}', '{"a": 1}); b({"c": 2}',
        '{"servers": [1]}', '{"servers": {}, "servers": {}}', '{"a": 01}', '{"a": undefined}', '{...x}',
        '{"a"() {}}', '{"a": `b`}', "// only a comment", '"text"',
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(text: str) -> None:
    """JavaScript that is not JSON, several documents and keys that are there twice are not changed."""
    with pytest.raises(Unreadable):
        with_entry(text, JSON, "servers", "coderag", ENTRY)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("", "servers:\n  coderag:\n    command: /bin/coderag\n    args:\n    - mcp\n"),
        ("servers:\n", None),
        ("servers: {}\n", None),
        ("servers: {}  # none yet\nz: 1\n", None),
        ("servers: null\n", None),
        ("servers:\n    deep:\n        cmd: x\n", None),
        ("# head\n\nservers:\n  # first\n  x: {cmd: y}\n\n# tail\n", None),
        ("%YAML 1.2\n---\na: &one {b: 1}\nc: *one\n", None),
    ],
)
def test_yaml_keeps_its_lines(text: str, added: str | None) -> None:
    """The entry is read back beside the others; without it the text says what it said."""
    new = with_entry(text, YAML_KEYS, "servers", "coderag", ENTRY)
    assert YAML_KEYS.entries(new, "servers")["coderag"] == ENTRY
    assert added is None or new == added
    assert all(line in new for line in text.splitlines() if not line.startswith("servers"))
    left = without_entry(new, YAML_KEYS, "servers", "coderag")
    assert YAML_KEYS.rest(left, "servers", "coderag") == YAML_KEYS.rest(text, "servers", "coderag")
    assert "coderag" not in left


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (YAML_KEYS, "servers: {a: {b: 1}}\n"),
        (YAML_KEYS, "{servers: {}}\n"),
        (YAML_KEYS, "servers: [1]\n"),
        (YAML_KEYS, "a: 1\n---\nb: 2\n"),
        (YAML_KEYS, "a: |\n  a line end would become a part of this"),
        (YAML_KEYS, "a: 1\na: 2\n"),
        (YAML_LIST, "servers: {a: 1}\n"),
        (YAML_LIST, "servers: [{name: a}]\n"),
        (TOML, "servers = {a = 1}\n"),
        (TOML, "[servers]\n[servers]\n"),
    ],
)
def test_what_cannot_be_changed_with_care_is_refused(form: ConfigFormat, text: str) -> None:
    """Containers on one line, of another shape or there twice stay as they are."""
    with pytest.raises(Unreadable):
        with_entry(text, form, "servers", "coderag", ENTRY)


def test_a_list_in_yaml_keeps_its_dashes() -> None:
    """The entry is an item at the column of the others, whose comments stay above them."""
    text = "servers:\n- name: a\n  command: x\n# of b\n- name: b\n"
    entry = {"name": "coderag"} | ENTRY
    added = with_entry(text, YAML_LIST, "servers", "coderag", entry)
    lines = "- name: coderag\n  command: /bin/coderag\n  args:\n  - mcp\n"
    assert added == text.replace("servers:\n", f"servers:\n{lines}")
    assert without_entry(added, YAML_LIST, "servers", "coderag") == text
