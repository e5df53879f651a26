/** The answer to one question: its text while it is written, its sources, and the places that were read. */

import { Citations, tally } from "./citations.js";
import { element, visible } from "./element.js";
import { failure } from "./failure.js";
import { hitList } from "./hits.js";
import { Prose } from "./prose.js";

/** How an answer that the code does not clearly give is marked. */
const STATES = {
  unsure: "Not sure",
  not_found: "Not found",
  unsupported: "Unsupported: the answer cites nothing",
};

/** One answer inside `container`, which it empties first; `onAgain` asks for one that is not kept. */
export class Answer {
  #citations = new Citations();
  #progress = element("p", { class: "progress", role: "status" }, "Searching the code …");
  #remarks = element("ul", { class: "remarks", "aria-label": "Remarks" });
  #state = element("p", { class: "state signed", hidden: true });
  #understood = element("p", { class: "understood", hidden: true });
  #text = element("div", { class: "prose", "aria-live": "polite", "aria-busy": "true" });
  #rest = element("div");
  #hits = null;
  #prose = new Prose(this.#text, this.#citations);
  #written = "";
  #frame = 0;
  #onAgain;

  constructor(container, { onAgain }) {
    this.#onAgain = onAgain;
    const parts = [this.#remarks, this.#understood, this.#state, this.#text, this.#progress, this.#rest];
    container.replaceChildren(...parts);
  }

  /** The whole text once it has ended; null before, and if it was broken off. */
  text = null;

  /** Take one event of the stream. */
  take({ name, data }) {
    if (name === "hits") this.#retrieved(data);
    else if (name === "progress") this.#wait(data);
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
    this.#rest.prepend(failure(error, retry));
  }

  /** The source at exactly this place, if the answer cites it. */
  sourceAt(place) {
    return this.#citations.at(place);
  }

  #retrieved({ hits, degraded }) {
    this.#remark(degraded);
    this.#progress.textContent = hits.length ? `Reading ${hits.length} places …` : "";
    this.#hits = hitList(hits);
    if (this.#hits) this.#rest.replaceChildren(this.#hits);
  }

  #wait(progress) {
    this.#progress.textContent = waiting(progress) || this.#progress.textContent;
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
    this.#written = this.text = answer.answer;
    this.#citations.resolve(answer);
    this.#remark(answer.degraded);
    this.#mark(answer);
    this.#end(summary(answer));
    if (answer.kept_since) this.#progress.append(" ", this.#again());
    if (answer.citations.length) this.#rest.prepend(this.#sources(answer.state));
    if (this.#hits) this.#hits.open = false;
  }

  #mark({ state, understood }) {
    this.#state.hidden = !(state in STATES);
    this.#state.dataset.state = state;
    this.#state.textContent = STATES[state] ?? "";
    this.#understood.hidden = !understood;
    this.#understood.textContent = understood ? `Searched for: ${visible(understood)}` : "";
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

  #again() {
    return element("button", { type: "button", onclick: this.#onAgain }, "Ask again");
  }

  #sources(state) {
    const heading = state in STATES ? "Nearest places" : "Sources";
    return element("section", {}, element("h2", {}, heading), this.#citations.list());
  }
}

/** What the model is doing, or for how long it has been silent. */
function waiting({ model, seconds, stage, places, about_seconds: about, words }) {
  if (words) return `Writing, ${words} words of a sentence …`;
  if (places) return `Reading ${places} places, ${seconds ? `${seconds} of ` : ""}about ${about} s …`;
  const what = stage === "search" ? "Putting the question into words for search with" : "Waiting for";
  return seconds ? `${what} ${visible(model)}, ${seconds} s …` : "";
}

function summary({ state, model, citations, timings, kept_since: since, usage }) {
  const proof = state in STATES ? "no sources for an answer" : tally(citations, model);
  const seconds = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const author = model === "none" ? "no model" : visible(model);
  const when = since ? `kept from ${timeOf(since)}` : `${seconds.toFixed(1)} s`;
  return [proof, author, when, ...(usage ? [spent(usage)] : [])].join(" · ");
}

/** What an answer came to, such as: 1,240 + 96 tokens, $0.0003. */
function spent({ prompt_tokens: read, completion_tokens: written, cost }) {
  const tokens = `${read.toLocaleString("en")} + ${written.toLocaleString("en")} tokens`;
  if (cost === null) return tokens;
  return `${tokens}, ${cost > 0 && cost < 0.0001 ? "under $0.0001" : `$${cost.toFixed(4)}`}`;
}

const timeOf = (time) => new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
