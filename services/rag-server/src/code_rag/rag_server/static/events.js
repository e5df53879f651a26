/** Reads server-sent events from the response to a POST, which EventSource cannot do. */

const LINE_END = /\r\n|\n|\r/;

/** Yields `{name, data}` for each event in `chunks`, an async iterable of bytes; comments are skipped. */
export async function* parseEvents(chunks) {
  let event = { name: "message", data: [] };
  for await (const line of lines(chunks)) {
    if (line === "") {
      if (event.data.length) yield { name: event.name, data: event.data.join("\n") };
      event = { name: "message", data: [] };
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event.name = value;
    else if (field === "data") event.data.push(value);
  }
}

async function* lines(chunks) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line ending.
    const held = rest.endsWith("\r") ? "\r" : "";
    const complete = rest.slice(0, rest.length - held.length).split(LINE_END);
    rest = complete.pop() + held;
    yield* complete;
  }
}

/** The chunks of a ReadableStream; Safari's streams are not async iterables. */
export async function* chunksOf(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
