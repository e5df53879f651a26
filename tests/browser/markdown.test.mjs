// What the page makes of an answer's Markdown. Run with `node --test tests/browser/`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, parseInline } from "../../services/rag-server/src/code_rag/rag_server/static/markdown.js";
import { splitMarkers } from "../../services/rag-server/src/code_rag/rag_server/static/markers.js";

const paragraph = (...content) => ({ type: "paragraph", content });
const reference = (marker, place = 0) => ({ marker, place });

test("markers are cut out of the text, each target a reference of its own", () => {
  assert.deepEqual(splitMarkers("a [1] b [2:3-4][5:6], [1, 3:4]."), [
    "a ",
    reference("[1]"),
    " b ",
    reference("[2:3-4]"),
    reference("[5:6]"),
    ", ",
    reference("[1, 3:4]", 0),
    reference("[1, 3:4]", 1),
    ".",
  ]);
});

test("a target named twice in one marker is one reference, as on the server", () => {
  assert.deepEqual(splitMarkers("[1:2, 1:2-2]"), [reference("[1:2, 1:2-2]")]);
});

test("brackets after a word or a bracket are an index, not a marker", () => {
  for (const text of ["rows[0]", "rows[0][1]", "größe[1]", "[x][1]", "[1:2-3-4]", "[a]", "[]"]) {
    assert.deepEqual(splitMarkers(text), [text]);
  }
});

test("markers in code are code", () => {
  assert.deepEqual(parseInline("see `a [1]` [2]"), [
    "see ",
    { type: "code", text: "a [1]" },
    " ",
    reference("[2]"),
  ]);
  assert.deepEqual(parse("```py\nx = [1]\n```"), [{ type: "code", language: "py", text: "x = [1]" }]);
});

test("paragraphs, headings and lists", () => {
  assert.deepEqual(parse("one\ntwo\n\n## Three\n- a\n- b\n  more\n\n2. c\n3. d"), [
    paragraph("one\ntwo"),
    { type: "heading", level: 2, content: ["Three"] },
    { type: "list", ordered: false, start: 1, items: [[paragraph("a")], [paragraph("b\nmore")]] },
    { type: "list", ordered: true, start: 2, items: [[paragraph("c")], [paragraph("d")]] },
  ]);
});

test("items hold lists, code and further paragraphs", () => {
  const [list] = parse("- a\n  - b\n\n  still a\n\n  ```\n  x\n    y\n  ```\n- c");
  assert.equal(list.items.length, 2);
  assert.deepEqual(
    list.items[0].map(({ type }) => type),
    ["paragraph", "list", "paragraph", "code"],
  );
  assert.equal(list.items[0][3].text, "x\n  y");
});

test("bold, italics and escapes", () => {
  assert.deepEqual(parseInline("**a `b` [1]** *c* \\*d\\* 2 * 3 * 4"), [
    { type: "strong", content: ["a ", { type: "code", text: "b" }, " ", reference("[1]")] },
    " ",
    { type: "emphasis", content: ["c"] },
    " ",
    "*",
    "d",
    "*",
    " 2 * 3 * 4",
  ]);
});

test("links are text", () => {
  for (const text of ["[a](https://b.example/c)", "[a](javascript:alert(1))", "[a](//b)", "<a href=x>b</a>"]) {
    assert.deepEqual(parseInline(text), [text]);
  }
});

test("a marker before a round bracket is no link", () => {
  assert.deepEqual(parseInline("[1](https://b.example)"), [reference("[1]"), "(https://b.example)"]);
});

test("code that is not closed yet is code already", () => {
  assert.deepEqual(parse("```\na\n"), [{ type: "code", language: "", text: "a\n" }]);
});

test("every prefix of an answer parses, and nothing of the text is lost", () => {
  const answer = "# A\nb **c** [1:2-3] `d`\n- e\n  1. f [2]\n\n```js\ng()\n```\n[h](https://i.example) *j*";
  for (let end = 0; end <= answer.length; end += 1) {
    const letters = JSON.stringify(parse(answer.slice(0, end)));
    for (const word of answer.slice(0, end).match(/[a-j](?=\W|$)/g) ?? []) assert.ok(letters.includes(word));
  }
});

test("hostile repetition does not exhaust the stack", () => {
  for (const piece of ["- ", "1. ", "**", "*", "`", "[", "[1]", "> ", "\\", "```\n", "[1](", "* *"]) {
    parse(piece.repeat(20_000));
  }
});
