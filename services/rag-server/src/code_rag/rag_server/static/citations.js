/** The numbered sources of an answer: small links in its text and the list below it. */

import { element, placeName, visible } from "./element.js";
import { linkTo } from "./links.js";

/** How the state of a citation is shown; `coderag` uses the same words. */
const STATES = {
  supported: { sign: "✓", words: "says so" },
  exists: { sign: "?", words: "does not clearly say so" },
  missing: { sign: "✗", words: "not there" },
  near: { sign: "·", words: "there" },
  quoted: { sign: "✓", words: "quoted" },
};

const keyOf = (marker, place) => `${marker}#${place}`;

/** Numbers markers by first appearance while the answer grows; `resolve` then sets their targets. */
export class Citations {
  #numbers = new Map();
  #sources = null;

  /**
   * Set the citations of an answer, which are in the order of the markers in its text. Where the answer is
   * in another state than `answered` they are the nearest places, which are only said to be there; where no
   * model wrote it they are quoted, and claim nothing.
   */
  resolve({ citations, state, model }) {
    const targets = new Map();
    this.#sources = new Map();
    citations.forEach((citation, index) => {
      const place = targets.get(citation.marker) ?? 0;
      targets.set(citation.marker, place + 1);
      this.#sources.set(keyOf(citation.marker, place), sourceOf(citation, index + 1, state, model));
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

  /** The address of a line in the place that one of these references cites, or null. */
  linkToLine(references, line) {
    const sources = references.map(({ marker, place }) => this.#sources?.get(keyOf(marker, place)));
    const cited = sources.find((source) => source?.path && source.start <= line && line <= source.end);
    return cited ? linkTo({ path: cited.path, start: line, end: line }) : null;
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

/** How many of these citations say what is claimed, in words. */
function shownAs(found, answerState, model) {
  if (found === "missing") return found;
  if (answerState !== "answered") return "near";
  return found === "supported" && model === "none" ? "quoted" : found;
}

export function tally(citations, model) {
  const count = (state) => citations.filter((citation) => citation.state === state).length;
  if (!citations.length) return "no sources";
  if (model === "none" && count("supported") === citations.length) return `${citations.length} places quoted`;
  if (citations.length === 1) return `1 source: ${STATES[citations[0].state].words}`;
  const rest = ["exists", "missing"].filter(count).map((state) => `${count(state)} ${STATES[state].words}`);
  return [`${count("supported")} of ${citations.length} sources say so`, ...rest].join(", ");
}

function sourceOf(citation, number, answerState, model) {
  const { marker, path, start_line: start, end_line: end, state: found, reason: why } = citation;
  const state = shownAs(found, answerState, model);
  const reason = state === found ? why : "";
  const { sign, words } = STATES[state];
  const result = visible(reason ? `${words}: ${reason}` : words);
  return { number, marker, path, start, end, state, sign, result };
}

function chip(source) {
  const { number, path, start, end, state, result } = source;
  const where = path ? `${visible(path)}, lines ${start} to ${end}: ${result}` : result;
  const attributes = { class: `chip ${state}`, title: where, "aria-label": `Source ${number}: ${where}` };
  if (!path) return element("span", { ...attributes, role: "img" }, String(number));
  return element("a", { ...attributes, href: linkTo(source) }, String(number));
}

function row(source) {
  const { path, state, sign, result, marker } = source;
  const name = path ? element("a", { href: linkTo(source) }, placeName(source)) : element("code", {}, marker);
  return element(
    "li",
    { class: `signed ${state}` },
    name,
    element("span", { class: "result" }, element("span", { "aria-hidden": "true" }, `${sign} `), result),
  );
}
