/** The panel that shows a source file and highlights the cited lines. */

import { readFile } from "./api.js";
import { element, placeName, visible } from "./element.js";
import { failure } from "./failure.js";

const BLOCK = 200; // lines per block; the browser does not render blocks that are off screen
const NARROW = matchMedia("(max-width: 60rem)");

/** A `<dialog>`: next to the page on wide screens, over it on narrow ones. */
export class SourcePanel {
  #dialog;
  #title;
  #result;
  #body;
  #reading = null;
  #opener = null;
  #onRefused;

  /** `onClose` is called when the user closes the panel, `onRefused` when the server requires a key. */
  constructor(dialog, { onClose, onRefused }) {
    this.#dialog = dialog;
    this.#title = dialog.querySelector("h2");
    this.#result = dialog.querySelector(".result");
    this.#body = dialog.querySelector(".code");
    this.#onRefused = onRefused;
    dialog.querySelector("button").addEventListener("click", onClose);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      onClose();
    });
    NARROW.addEventListener("change", () => this.#dialog.open && this.#lay());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** Show `place` `{path, start, end}`; `source` is the citation that links to it, or null. */
  async open(place, source) {
    this.#title.replaceChildren(placeName(place));
    this.judge(source);
    this.#body.replaceChildren(element("p", { class: "progress" }, "Opening the file …"));
    if (!this.#dialog.contains(document.activeElement)) this.#opener = document.activeElement;
    if (!this.#dialog.open) this.#lay();
    this.#reading?.abort();
    this.#reading = new AbortController();
    await this.#fill(place, source, this.#reading.signal);
  }

  /** Show whether the place says what the citation that links here is for; null if there is none. */
  judge(source) {
    this.#result.className = `result ${source?.state ?? ""}`;
    this.#result.textContent = source ? `${source.sign} ${source.result}` : "";
  }

  /** Close the panel and restore the focus. */
  close() {
    this.#reading?.abort();
    if (!this.#dialog.open) return;
    this.#dialog.close();
    document.documentElement.classList.remove("with-source");
    this.#opener?.focus?.({ preventScroll: true });
  }

  #lay() {
    this.#dialog.close();
    if (NARROW.matches) this.#dialog.showModal();
    else this.#dialog.show();
    document.documentElement.classList.add("with-source");
  }

  async #fill(place, source, signal) {
    try {
      const { text } = await readFile(place.path, signal);
      this.#body.replaceChildren(listing(text, place));
      this.#body.querySelector(".marked")?.scrollIntoView({ block: "center" });
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(error, () => this.open(place, source));
    }
  }

  #fail(error, retry) {
    this.#body.replaceChildren(failure(error, retry));
    if (error.status !== 401) return;
    this.close(); // it may cover the API key form
    this.#onRefused("source", retry);
  }
}

/** Numbered lines; those from `start` to `end` are highlighted. */
function listing(text, { start, end }) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
  const code = element("code", { class: "listing" });
  for (let first = 0; first < lines.length; first += BLOCK) {
    const block = lines.slice(first, first + BLOCK).map((line, index) => {
      const number = first + index + 1;
      const marked = start > 0 && number >= start && number <= end;
      return element("span", { class: marked ? "line marked" : "line", "data-number": number }, `${visible(line)}\n`);
    });
    code.append(element("span", { class: "block" }, block));
  }
  return element("pre", { tabindex: "0", "aria-label": "Source" }, code);
}
