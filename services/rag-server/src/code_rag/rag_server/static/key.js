/** The form that asks for the API key, shown only once the server has refused a request without it. */

import { hasKey, setKey } from "./api.js";

/** `ask(what, retry)` shows the form; when a key is given, each thing that was refused is tried again. */
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
    this.#message.textContent = hasKey() ? "The server refused this key." : "This server asks for a key.";
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
