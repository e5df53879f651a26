/** The answer to one question: its text while it is written, its sources, and the places that were read. */

import { Citations } from "./citations.js";
import { element, visible } from "./element.js";
import { failure } from "./failure.js";
import { hitList } from "./hits.js";
import { Prose } from "./prose.js";

/** One answer inside `container`, which it empties first. */
export class Answer {
  #citations = new Citations();
  #progress = element("p", { class: "progress", role: "status" }, "Searching the code …");
  #remarks = element("ul", { class: "remarks", "aria-label": "Remarks" });
  #text = element("div", { class: "prose", "aria-live": "polite", "aria-busy": "true" });
  #rest = element("div");
  #prose = new Prose(this.#text, (reference) => this.#citations.inText(reference));
  #written = "";
  #frame = 0;

  constructor(container, question) {
    const title = element("h1", { class: "unseen" }, visible(question)); // visible in the question box
    container.replaceChildren(title, this.#remarks, this.#text, this.#progress, this.#rest);
  }

  /** Take one event of the stream. */
  take({ name, data }) {
    if (name === "hits") this.#retrieved(data);
    else if (name === "token") this.#write(data.text);
    else if (name === "answer") this.#finish(data);
  }

  /** End the answer early and show why; its text so far stays. */
  stop(why) {
    this.#end(why);
  }

  /** Show an error; the text so far stays. */
  fail(error, retry) {
    this.#end("");
    this.#rest.replaceChildren(failure(error, retry));
  }

  /** The source at exactly this place, if the answer cites it. */
  sourceAt(place) {
    return this.#citations.at(place);
  }

  #retrieved({ hits, degraded }) {
    this.#remark(degraded);
    this.#progress.textContent = hits.length ? `Reading ${hits.length} places …` : "";
  }

  #write(text) {
    this.#written += text;
    this.#text.classList.add("growing");
    // Tokens arrive faster than the screen is drawn.
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#prose.show(this.#written);
    });
  }

  #finish(answer) {
    this.#written = answer.answer;
    this.#citations.resolve(answer.citations);
    const understood = answer.understood ? [`Understood as: ${answer.understood}`] : [];
    this.#remark([...understood, ...answer.degraded]);
    this.#end(summary(answer));
    this.#rest.replaceChildren(
      ...[answer.citations.length ? this.#sources() : null, hitList(answer.hits)].filter(Boolean),
    );
  }

  #end(message) {
    cancelAnimationFrame(this.#frame);
    this.#prose.show(this.#written, { rebuild: true });
    this.#text.classList.remove("growing");
    this.#text.setAttribute("aria-busy", "false");
    this.#progress.textContent = message;
  }

  #remark(degraded) {
    this.#remarks.replaceChildren(...degraded.map((remark) => element("li", {}, visible(remark))));
  }

  #sources() {
    return element("section", {}, element("h2", {}, "Sources"), this.#citations.list());
  }
}

function summary({ model, citations, timings }) {
  const seconds = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const verified = citations.filter((citation) => citation.verified).length;
  const proof = citations.length ? `${verified} of ${citations.length} sources verified` : "no sources";
  const author = model === "none" ? "no model" : visible(model);
  return `${proof} · ${author} · ${seconds.toFixed(1)} s`;
}
