/** Renders parsed Markdown; while it grows, only changed blocks are updated. */

import { element, visible } from "./element.js";
import { parse } from "./markdown.js";

const CONTAINERS = { strong: "strong", emphasis: "em" };

/** Text in `container`; `citationFor({marker, place})` creates the node for a marker. */
export class Prose {
  #container;
  #citationFor;
  #shown = [];

  constructor(container, citationFor) {
    this.#container = container;
    this.#citationFor = citationFor;
  }

  /** Show `text`; with `rebuild` every block is built again. */
  show(text, { rebuild = false } = {}) {
    const blocks = parse(text);
    const keys = blocks.map((block) => JSON.stringify(block));
    let same = 0;
    while (!rebuild && same < keys.length && keys[same] === this.#shown[same]) same += 1;
    while (this.#container.childNodes.length > same) this.#container.lastChild.remove();
    this.#container.append(...blocks.slice(same).map((block) => this.#block(block)));
    this.#shown = keys;
  }

  #block(block) {
    switch (block.type) {
      case "heading":
        // The page's own headings are the levels above.
        return element(`h${Math.min(6, block.level + 2)}`, {}, this.#inline(block.content));
      case "code":
        return element("pre", { tabindex: "0" }, element("code", {}, visible(block.text)));
      case "list":
        return this.#list(block);
      default:
        return element("p", {}, this.#inline(block.content));
    }
  }

  #list({ ordered, start, items }) {
    const attributes = { start: ordered && start !== 1 ? String(start) : null };
    const children = items.map((blocks) => element("li", {}, blocks.map((block, at) => this.#itemBlock(block, at))));
    return element(ordered ? "ol" : "ul", attributes, children);
  }

  /** An item's first paragraph is next to its bullet, without a paragraph's margins. */
  #itemBlock(block, at) {
    if (at > 0 || block.type !== "paragraph") return this.#block(block);
    return element("span", {}, this.#inline(block.content));
  }

  #inline(pieces) {
    return pieces.map((piece) => {
      if (typeof piece === "string") return visible(piece);
      if (piece.marker) return this.#citationFor(piece);
      if (piece.type === "code") return element("code", {}, visible(piece.text));
      if (piece.type === "link") return this.#link(piece);
      return element(CONTAINERS[piece.type], {}, this.#inline(piece.content));
    });
  }

  /** A link always shows its host, whatever its text says. */
  #link({ url, content }) {
    const attributes = { href: url, rel: "noopener noreferrer", target: "_blank", title: url };
    const host = URL.canParse(url) ? new URL(url).host : "";
    return element("span", {}, element("a", attributes, this.#inline(content)), host && ` (${host})`);
  }
}
