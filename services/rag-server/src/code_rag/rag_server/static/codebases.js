/** The choice of a codebase to ask about, shown where the server has several. */

import { element, visible } from "./element.js";

/** Fills a `<select>`; its first option stands for all codebases. */
export class CodebaseChoice {
  #select;
  #chosen = "";

  constructor(select, { onChange }) {
    this.#select = select;
    select.addEventListener("change", () => {
      this.#chosen = select.value;
      onChange();
    });
  }

  /** The name of the chosen codebase, empty for all. */
  get chosen() {
    return this.#chosen;
  }

  /** A name is kept although it is not offered yet: a link may be opened before the server has named any. */
  set chosen(name) {
    this.#chosen = name;
    this.#select.value = name;
  }

  /** Offer these names. */
  offer(names) {
    const offered = [...this.#select.options].slice(1).map((option) => option.value);
    if (names.join("\n") !== offered.join("\n")) {
      const options = names.map((name) => element("option", { value: name }, visible(name)));
      this.#select.replaceChildren(this.#select.options[0], ...options);
      this.#select.value = this.#chosen;
    }
    this.#select.hidden = names.length < 2;
  }
}
