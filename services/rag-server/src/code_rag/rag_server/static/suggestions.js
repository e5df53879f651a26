/** The questions below the welcome text, which the server made from what is indexed. */

import { suggestions } from "./api.js";
import { element, visible } from "./element.js";

export class Suggestions {
  #list;
  #onAsk;
  #shown = null;

  constructor(list, { onAsk }) {
    this.#list = list;
    this.#onAsk = onAsk;
  }

  /** Show the questions about a codebase, or about all, once there are any; a second call changes nothing. */
  async show(codebase) {
    if (codebase === this.#shown) return;
    const questions = await suggestions(codebase).catch(() => []); // the status says what is wrong
    this.#shown = questions.length ? codebase : null;
    this.#list.replaceChildren(...questions.map((question) => this.#item(question)));
    this.#list.hidden = questions.length === 0;
  }

  #item(question) {
    const ask = () => this.#onAsk(question);
    return element("li", { class: "signed" }, element("button", { type: "button", onclick: ask }, visible(question)));
  }
}
