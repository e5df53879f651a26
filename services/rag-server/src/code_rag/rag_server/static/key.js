/** The form for the API key, shown only after the server has rejected a request without a valid one. */

import { hasKey, setKey } from "./api.js";

/** `ask(what, retry)` shows the form; when a key is entered, each rejected request is retried. */
export class KeyForm {
  #form;
  #field;
  #message;
  #retries = new Map();

  constructor(form) {
    this.#form = form;
    this.#field = form.querySelector("input");
    this.#message = form.querySelector("p");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take();
    });
  }

  ask(what, retry) {
    this.#retries.set(what, retry);
    this.#message.textContent = hasKey() ? "The server rejected this key." : "This server requires an API key.";
    if (!this.#form.hidden) return;
    this.#form.hidden = false;
    this.#field.focus();
  }

  #take() {
    setKey(this.#field.value.trim());
    this.#field.value = "";
    this.#form.hidden = true;
    const retries = [...this.#retries.values()];
    this.#retries.clear();
    for (const retry of retries) retry();
  }
}
