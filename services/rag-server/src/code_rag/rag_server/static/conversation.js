/** The answers to a question and to what is asked after it, with the field for the next question below them. */

import { Answer } from "./answer.js";
import { ask } from "./api.js";
import { Composer } from "./composer.js";
import { element, visible } from "./element.js";

const MAX_TURNS = 20; // of those before a question; the server takes 50
const MAX_CHARS = 20_000; // of one answer

/**
 * One conversation in `container`; `onBusy(busy)` is called when an answer starts and ends, `onFinish` when
 * one is whole, `onRefused(what, retry)` when the server requires a key.
 */
export class Conversation {
  #turns = [];
  #writing = null;
  #codebase = "";
  #container;
  #report;
  #form = followUpForm();
  #composer;

  constructor(container, { onBusy, onFinish, onRefused }) {
    this.#container = container;
    this.#report = { onBusy, onFinish, onRefused };
    this.#composer = new Composer(this.#form, { onAsk: (question) => this.#follow(question), onStop: () => this.stop() });
  }

  get isWriting() {
    return this.#writing !== null;
  }

  /** Start again with `question`; an empty one leaves nothing. */
  async start(question, codebase) {
    this.stop();
    this.#codebase = codebase;
    this.#turns = [];
    this.#form.hidden = true;
    this.#container.replaceChildren();
    // The first question is in the question box.
    if (question) await this.#write(this.#turn(question, element("h1", { class: "unseen" }, visible(question))));
  }

  /** Stop the answer that is being written. */
  stop() {
    this.#writing?.abort();
    this.#writing = null;
    this.#report.onBusy(false);
  }

  /** The source at exactly this place, if an answer cites it. */
  sourceAt(place) {
    const sources = this.#turns.map(({ answer }) => answer?.sourceAt(place));
    return sources.findLast(Boolean) ?? null;
  }

  async #follow(question) {
    this.stop();
    this.#composer.question = "";
    const turn = this.#turn(question, element("h2", { class: "question signed" }, visible(question)));
    turn.section.scrollIntoView({ block: "start" });
    await this.#write(turn);
    if (this.#turns.at(-1) === turn) this.#form.querySelector("textarea").focus({ preventScroll: true });
  }

  #turn(question, title) {
    const body = element("div");
    const section = element("section", { class: "turn" }, title, body);
    const turn = { question, section, body, history: this.#history(), answer: null };
    this.#turns.push(turn);
    this.#container.append(section);
    return turn;
  }

  /** The earlier questions that were answered. */
  #history() {
    const answered = this.#turns.filter(({ answer }) => answer?.text != null).slice(-MAX_TURNS);
    return answered.map(({ question, answer }) => ({ question, answer: answer.text.slice(0, MAX_CHARS) }));
  }

  async #write(turn, again = false) {
    this.stop();
    const mine = new AbortController();
    const written = new Answer(turn.body, { onAgain: () => this.#write(turn, true) });
    [this.#writing, turn.answer] = [mine, written];
    this.#form.hidden = true;
    this.#report.onBusy(true);
    const { question, history } = turn;
    try {
      const wanted = { question, history, again, codebase: this.#codebase };
      for await (const event of ask(wanted, mine.signal)) written.take(event);
      this.#report.onFinish();
    } catch (error) {
      this.#breakOff(written, error, () => this.#write(turn, again));
    }
    if (this.#writing && this.#writing !== mine) return; // another question came in between
    this.stop();
    this.#form.hidden = !this.#turns.some(({ answer }) => answer?.text);
    this.#container.append(this.#form);
  }

  #breakOff(written, error, retry) {
    if (error.name === "AbortError") written.stop("Stopped.");
    else if (error.status !== 401) written.fail(error, retry);
    else {
      written.stop("Waiting for the API key.");
      this.#report.onRefused("answer", retry);
    }
  }
}

function followUpForm() {
  return element(
    "form",
    { class: "follow-up signed", hidden: true },
    element("label", { class: "unseen", for: "follow-up" }, "Ask a follow-up"),
    element("textarea", { id: "follow-up", rows: "1", maxlength: "8000", placeholder: "Ask a follow-up" }),
    element("button", {}, "Ask"),
  );
}
