// How the page reads server-sent events. Run with `node --test tests/browser/`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chunksOf, parseEvents } from "../../services/rag-server/src/code_rag/rag_server/static/events.js";

async function read(...chunks) {
  const bytes = chunks.map((chunk) => (typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk));
  const events = [];
  for await (const event of parseEvents(chunksOf(new Blob(bytes).stream()))) events.push(event);
  return events;
}

const STREAM = ': ping\n\nevent: token\ndata: {"text": "ä"}\n\nevent: answer\ndata: 1\ndata: 2\n\n';
const EVENTS = [
  { name: "token", data: '{"text": "ä"}' },
  { name: "answer", data: "1\n2" },
];

test("names, data of several lines and comments", async () => {
  assert.deepEqual(await read(STREAM), EVENTS);
});

test("an event without a name is a message, one that is not finished is none", async () => {
  assert.deepEqual(await read("data: a\n\ndata: b\n"), [{ name: "message", data: "a" }]);
});

for (const end of ["\n", "\r\n", "\r"]) {
  test(`a stream with ${JSON.stringify(end)} may be cut anywhere, even inside a character`, async () => {
    const bytes = new TextEncoder().encode(STREAM.replaceAll("\n", end) + end);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      async function* halves() {
        yield bytes.slice(0, cut);
        yield bytes.slice(cut);
      }
      const events = [];
      for await (const event of parseEvents(halves())) events.push(event);
      assert.deepEqual(events, EVENTS);
    }
  });
}
