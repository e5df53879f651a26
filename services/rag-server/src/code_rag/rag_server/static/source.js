/** The panel beside the answer that shows a source file and marks the lines in question. */

import { readFile } from "./api.js";
import { element, placeName, visible } from "./element.js";
import { failure } from "./failure.js";

const BLOCK = 200; // lines that the browser may leave undrawn together while they are out of sight
const NARROW = matchMedia("(max-width: 60rem)");

/** A `<dialog>`: beside the page where there is room, over it where there is not. */
export class SourcePanel {
  #dialog;
  #title;
  #verdict;
  #body;
  #reading = null;
  #opener = null;
  #onRefused;

  /** `onClose` is called when the reader closes the panel; `onRefused` when the server wants a key. */
  constructor(dialog, { onClose, onRefused }) {
    this.#dialog = dialog;
    this.#title = dialog.querySelector("h2");
    this.#verdict = dialog.querySelector(".verdict");
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

  /** Show `place` `{path, start, end}`; `source` is the citation that leads there, or null. */
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

  /** Say whether the citation that leads here was verified; null where none does. */
  judge(source) {
    this.#verdict.className = `verdict ${source ? (source.verified ? "verified" : "doubtful") : ""}`;
    this.#verdict.textContent = source ? `${source.verified ? "✓" : "✗"} ${source.verdict}` : "";
  }

  /** Put the panel away and give the focus back. */
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
    this.close(); // it may cover the form for the key
    this.#onRefused("source", retry);
  }
}

/** Numbered lines; those from `start` to `end` are marked. */
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
