/** Parses the Markdown that models write into plain data; `prose.js` turns it into DOM nodes. */

import { splitMarkers } from "./markers.js";

const MAX_DEPTH = 8; // of nested lists; a line of only bullets must not exhaust the stack
const FENCE = /^[ \t]*(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^\s`]*)/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*$/;
const ITEM = /^([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(?=\S)/;

/**
 * Blocks of `text`: `{type: "paragraph" | "heading", content}`, `{type: "code", language, text}` and
 * `{type: "list", ordered, start, items}`, where each item is a list of blocks.
 */
export function parse(text) {
  return parseBlocks(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

function parseBlocks(lines, depth) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    const read = readerFor(lines[at]);
    const [block, next] = read(lines, at, depth);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

function readerFor(line) {
  if (line.trim() === "") return (_, at) => [null, at + 1];
  if (FENCE.test(line)) return readCode;
  if (HEADING.test(line)) return readHeading;
  return ITEM.test(line) ? readList : readParagraph;
}

function readCode(lines, start) {
  const [, fence, language] = FENCE.exec(lines[start]);
  const indent = lines[start].search(/\S/);
  let end = start + 1;
  while (end < lines.length && !lines[end].trimStart().startsWith(fence)) end += 1;
  const body = lines.slice(start + 1, end).map((line) => dedent(line, indent));
  return [{ type: "code", language, text: body.join("\n") }, end + 1];
}

function readHeading(lines, at) {
  const [, marks, text] = HEADING.exec(lines[at]);
  return [{ type: "heading", level: marks.length, content: parseInline(text) }, at + 1];
}

function readParagraph(lines, start) {
  let end = start + 1;
  while (end < lines.length && readerFor(lines[end]) === readParagraph) end += 1;
  const text = lines.slice(start, end).map((line) => line.trim());
  return [{ type: "paragraph", content: parseInline(text.join("\n")) }, end];
}

function readList(lines, start, depth) {
  const [, indent, bullet] = ITEM.exec(lines[start]);
  const ordered = /\d/.test(bullet);
  const list = { type: "list", ordered, start: ordered ? Number.parseInt(bullet, 10) : 1, items: [] };
  let at = start;
  while (at < lines.length && continuesList(lines[at], indent, ordered)) {
    const [item, next] = readItem(lines, at);
    list.items.push(depth < MAX_DEPTH ? parseBlocks(item, depth + 1) : readParagraph(item, 0).slice(0, 1));
    at = skipBlank(lines, next);
  }
  return [list, at];
}

function continuesList(line, indent, ordered) {
  const item = ITEM.exec(line);
  return item !== null && item[1].length <= indent.length + 1 && /\d/.test(item[2]) === ordered;
}

/** The lines of one item without its bullet: those indented below it, and its paragraph's unindented rest. */
function readItem(lines, start) {
  const [lead, indent] = ITEM.exec(lines[start]);
  const item = [lines[start].slice(lead.length)];
  let at = start + 1;
  for (; at < lines.length; at += 1) {
    const below = lines[at].search(/\S/) > indent.length;
    const lazy = lines[at - 1].trim() !== "" && readerFor(lines[at]) === readParagraph;
    const blankInside = lines[at].trim() === "" && lines[skipBlank(lines, at)]?.search(/\S/) > indent.length;
    if (!below && !lazy && !blankInside) break;
    item.push(dedent(lines[at], lead.length));
  }
  return [item, at];
}

function skipBlank(lines, at) {
  while (at < lines.length && lines[at].trim() === "") at += 1;
  return at;
}

function dedent(line, width) {
  const indent = line.search(/\S/);
  return line.slice(indent < 0 ? line.length : Math.min(indent, width));
}

// The lengths are bounded so that a text full of opening marks does not take quadratic time.
const INLINE = new RegExp(
  [
    /\\(?<escaped>[\\`*_[\]#<>~-])/,
    /(?<ticks>`{1,2})(?<code>[^`\n]+)\k<ticks>/,
    /\*\*(?<strong>\S(?:.{0,500}?\S)?)\*\*/,
    /(?<!\*)\*(?<emphasis>[^\s*](?:[^*\n]*[^\s*])?)\*(?!\*)/,
  ]
    .map((part) => part.source)
    .join("|"),
  "gs",
);

/**
 * Pieces of a line: strings, references `{marker, place}` and `{type: "code", text}`,
 * `{type: "strong" | "emphasis", content}`. Links stay text: a model's answer leads nowhere but to the code.
 */
export function parseInline(text) {
  const pieces = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    pieces.push(...splitMarkers(text.slice(end, found.index)), inlineOf(found.groups));
    end = found.index + found[0].length;
  }
  return [...pieces, ...splitMarkers(text.slice(end))];
}

function inlineOf({ escaped, code, strong, emphasis }) {
  if (escaped !== undefined) return escaped;
  if (code !== undefined) return { type: "code", text: code };
  if (strong !== undefined) return { type: "strong", content: parseInline(strong) };
  return { type: "emphasis", content: parseInline(emphasis) };
}
