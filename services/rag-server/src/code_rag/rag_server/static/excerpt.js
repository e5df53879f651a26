/** Quoted code whose lines carry their numbers, such as ` 41| return x`, with `⋯` where lines are left out. */

import { element, visible } from "./element.js";

const LINE = /^ *(\d{1,9})\|(?: (.*))?$/s;
const GAP = /^ *⋯$/;

/** The lines `{number, text}` of an excerpt, a gap as null; null if the code has no line numbers. */
export function numberedLines(code) {
  const lines = [];
  for (const line of code.split("\n")) {
    const [, number, text = ""] = LINE.exec(line) ?? [];
    if (number === undefined && !GAP.test(line)) return null;
    lines.push(number === undefined ? null : { number: Number(number), text });
  }
  return lines.some(Boolean) ? lines : null;
}

/** Shows these lines; `linkOf(number)` is the address of a line, or null. Numbers are not copied with the code. */
export function excerpt(lines, linkOf) {
  const digits = Math.max(...lines.map((line) => String(line?.number ?? "").length));
  const rows = lines.map((line) => (line ? row(line, linkOf) : element("span", { class: "gap" }, "\n")));
  const code = element("code", {}, rows);
  code.style.setProperty("--digits", `${digits}ch`);
  return element("pre", { class: "excerpt", tabindex: "0" }, code);
}

function row({ number, text }, linkOf) {
  const href = linkOf(number);
  const attributes = { class: "number", "data-number": number };
  const name = href
    ? element("a", { ...attributes, href, "aria-label": `Line ${number}`, tabindex: "-1" })
    : element("span", attributes);
  return element("span", { class: "row" }, name, `${visible(text)}\n`);
}
