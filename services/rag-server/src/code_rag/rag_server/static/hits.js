/** The list of places that were retrieved for a question, each with its scores. */

import { element, placeName, visible } from "./element.js";
import { linkTo } from "./links.js";

/** A collapsed list of `hits`; null if there are none. */
export function hitList(hits) {
  if (!hits.length) return null;
  const count = hits.length === 1 ? "1 place was read" : `${hits.length} places were read`;
  return element(
    "details",
    { class: "hits" },
    element("summary", {}, `${count} for this answer`),
    element("ol", {}, hits.map(row)),
  );
}

function row({ path, start_line: start, end_line: end, symbol, score, explanation }) {
  const place = { path, start, end };
  return element(
    "li",
    {},
    element("a", { href: linkTo(place) }, placeName(place)),
    symbol ? element("span", { class: "symbol" }, visible(symbol)) : null,
    element("span", { class: "score" }, score.toFixed(3)),
    element("p", { class: "explanation" }, explain(explanation)),
  );
}

/** The rank and score of the place in the two searches, by meaning and by words. */
function explain({ dense, dense_rank: byMeaning, lexical, lexical_rank: byWords }) {
  const meaning = byMeaning ? `meaning: no. ${byMeaning} (${dense.toFixed(3)})` : "meaning: not among the best";
  const words = byWords ? `words: no. ${byWords} (${lexical.toFixed(2)})` : "words: not among the best";
  return `${meaning} · ${words}`;
}
