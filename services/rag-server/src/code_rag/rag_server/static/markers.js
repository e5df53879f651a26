/**
 * Citation markers in an answer: `[n]`, `[n:a]`, `[n:a-b]`, or several as `[1, 3:4-9]`.
 * The grammar is the same as in servicekit's `wire/markers.py`; both must find the same markers.
 */

const TARGET = "[0-9]{1,9}(?::[0-9]{1,9}(?:-[0-9]{1,9})?)?";

/** One marker, as the source of a regular expression. */
export const MARKER = `\\[${TARGET}(?:, ?${TARGET})*\\]`;

// After a word, or after a bracket that is not a marker, it is an index, as in `rows[0][1]`.
const RUN = new RegExp(`(?<![\\p{L}\\p{N}_\\]])(?:${MARKER})+`, "gu");

/** `text` split into strings and references `{marker, place}`; `place` counts the targets inside one marker. */
export function splitMarkers(text) {
  const pieces = [];
  let end = 0;
  for (const run of text.matchAll(RUN)) {
    if (run.index > end) pieces.push(text.slice(end, run.index));
    for (const [marker] of run[0].matchAll(new RegExp(MARKER, "g"))) pieces.push(...references(marker));
    end = run.index + run[0].length;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

function references(marker) {
  const targets = new Set(marker.slice(1, -1).split(/, ?/).map(normal));
  return [...targets].map((_, place) => ({ marker, place }));
}

function normal(target) {
  const [block, start, end] = target.split(/[:-]/).map(Number);
  return start === undefined ? `${block}` : `${block}:${start}-${end ?? start}`;
}
