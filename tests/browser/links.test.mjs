// What the page keeps in its address. Run with `node --test tests/browser/`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHash, parseHash } from "../../services/rag-server/src/code_rag/rag_server/static/links.js";

test("a question and a file with lines", () => {
  assert.deepEqual(parseHash("#q=how+long%3F&in=shop&file=orders/refunds.py:10-20"), {
    question: "how long?",
    codebase: "shop",
    file: { path: "orders/refunds.py", start: 10, end: 20 },
  });
});

test("a file alone, with one line or none", () => {
  assert.deepEqual(parseHash("#file=a.py").file, { path: "a.py", start: 0, end: 0 });
  assert.deepEqual(parseHash("#file=a.py:7").file, { path: "a.py", start: 7, end: 7 });
  assert.deepEqual(parseHash("#file=a.py:7-3").file, { path: "a.py", start: 7, end: 7 });
});

test("nothing is nothing", () => {
  for (const hash of ["", "#", "#q=", "#in=", "#file="]) assert.deepEqual(parseHash(hash), { question: "", codebase: "", file: null });
});

test("what is written can be read again", () => {
  for (const question of ["", "a+b & c=d #e %41", "zwei\nZeilen 日本"]) {
    for (const path of ["a b/c+d&e#f.py", "C:/x:y", "100%.md", "日本/a.py"]) {
      const state = { question, codebase: question, file: { path, start: 3, end: 9 } };
      assert.deepEqual(parseHash(formatHash(state)), state);
    }
  }
});
