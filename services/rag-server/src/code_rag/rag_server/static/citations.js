/** The numbered sources of an answer: small links in its text and the list below it. */

import { element, placeName, visible } from "./element.js";
import { linkTo } from "./links.js";

const keyOf = (marker, place) => `${marker}#${place}`;

/** Numbers markers by first appearance while the answer grows; `resolve` then sets their targets. */
export class Citations {
  #numbers = new Map();
  #sources = null;

  /** Set the server's citations, which are in the order of the markers in the text. */
  resolve(citations) {
    const targets = new Map();
    this.#sources = new Map();
    citations.forEach((citation, index) => {
      const place = targets.get(citation.marker) ?? 0;
      targets.set(citation.marker, place + 1);
      this.#sources.set(keyOf(citation.marker, place), sourceOf(citation, index + 1));
    });
  }

  /** What the text shows for `{marker, place}`: its number, or the marker itself if it cites nothing. */
  inText({ marker, place }) {
    const key = keyOf(marker, place);
    if (this.#sources === null) {
      if (!this.#numbers.has(key)) this.#numbers.set(key, this.#numbers.size + 1);
      return element("span", { class: "chip" }, String(this.#numbers.get(key)));
    }
    const source = this.#sources.get(key);
    return source ? chip(source) : place === 0 ? marker : "";
  }

  /** The list of all sources, each with the result of its check. */
  list() {
    return element("ol", { class: "sources" }, [...(this.#sources?.values() ?? [])].map(row));
  }

  /** The source at exactly this place, if the answer cites it. */
  at({ path, start, end }) {
    const same = (source) => source.path === path && source.start === start && source.end === end;
    return [...(this.#sources?.values() ?? [])].find(same) ?? null;
  }
}

function sourceOf({ marker, path, start_line: start, end_line: end, verified, reason }, number) {
  const result = verified ? "verified" : reason || "not verified";
  return { number, marker, path, start, end, verified, result: visible(result) };
}

function chip(source) {
  const { number, path, start, end, verified, result } = source;
  const where = path ? `${visible(path)}, lines ${start} to ${end}, ${result}` : result;
  const attributes = {
    class: verified ? "chip verified" : "chip doubtful",
    title: where,
    "aria-label": `Source ${number}: ${where}`,
  };
  if (!path) return element("span", { ...attributes, role: "img" }, String(number));
  return element("a", { ...attributes, href: linkTo(source) }, String(number));
}

function row(source) {
  const { path, verified, result, marker } = source;
  const name = path ? element("a", { href: linkTo(source) }, placeName(source)) : element("code", {}, marker);
  return element(
    "li",
    { class: `signed ${verified ? "verified" : "doubtful"}` },
    name,
    element("span", { class: "result" }, element("span", { "aria-hidden": "true" }, verified ? "✓ " : "✗ "), result),
  );
}
