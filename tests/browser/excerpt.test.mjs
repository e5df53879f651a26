// How the page reads quoted code with line numbers. Run with `node --test tests/browser/`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { numberedLines } from "../../services/rag-server/src/code_rag/rag_server/static/excerpt.js";

test("lines with numbers, empty lines and gaps", () => {
  assert.deepEqual(numberedLines("  8| a = 1\n  9|\n  ⋯\n 12|     | b"), [
    { number: 8, text: "a = 1" },
    { number: 9, text: "" },
    null,
    { number: 12, text: "    | b" },
  ]);
});

test("code without numbers on every line is code as it is", () => {
  for (const code of ["", "a", "1| a\nb", "⋯", "x 1| a", "1|a", "-1| a"]) assert.equal(numberedLines(code), null);
});
