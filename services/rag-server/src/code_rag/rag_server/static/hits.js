/** The list of places that were retrieved for a question, each with its scores. */

import { element, placeName, visible } from "./element.js";
import { linkTo } from "./links.js";

/** The list of `hits`, open until the answer is there; null if there are none. */
export function hitList(hits) {
  if (!hits.length) return null;
  const count = hits.length === 1 ? "1 place was read" : `${hits.length} places were read`;
  return element(
    "details",
    { class: "hits", open: true },
    element("summary", {}, `${count} for this answer`),
    element("ol", {}, hits.map(row)),
  );
}

function row({ path, start_line: start, end_line: end, symbol, score, explanation, copies }) {
  const place = { path, start, end };
  return element(
    "li",
    {},
    element("a", { href: linkTo(place) }, placeName(place)),
    symbol ? element("span", { class: "symbol" }, visible(symbol)) : null,
    element("span", { class: "score" }, score.toFixed(3)),
    element("p", { class: "explanation" }, explain(explanation)),
    copies.length ? element("p", { class: "explanation" }, "Same text: ", copies.map(copyLink)) : null,
  );
}

function copyLink({ path, start_line: start, end_line: end }) {
  const place = { path, start, end };
  return element("a", { href: linkTo(place) }, placeName(place), " ");
}

/** The parts of a score, which add up to it. */
function explain(parts) {
  return Object.entries(parts)
    .map(([name, value]) => `${value < 0 ? "−" : "+"} ${Math.abs(value).toFixed(3)} ${name.replaceAll("_", " ")}`)
    .join(" ");
}
