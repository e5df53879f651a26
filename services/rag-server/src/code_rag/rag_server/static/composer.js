/** The question box: Enter asks, Shift+Enter starts a new line, Escape stops. */

export class Composer {
  #form;
  #field;
  #button;
  #busy = false;

  constructor(form, { onAsk, onStop }) {
    this.#form = form;
    this.#field = form.querySelector("textarea");
    this.#button = form.querySelector("button");
    this.#field.addEventListener("input", () => this.#fit());
    this.#field.addEventListener("keydown", (event) => {
      // While an input method composes, Enter selects a word.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const question = this.#field.value.trim();
      if (this.#busy && event.submitter) onStop();
      else if (question) onAsk(question);
    });
  }

  set question(text) {
    this.#field.value = text;
    this.#fit();
  }

  set busy(busy) {
    this.#busy = busy;
    this.#button.textContent = busy ? "Stop" : "Ask";
  }

  focus() {
    this.#field.focus();
  }

  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
