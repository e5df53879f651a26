/** Renders parsed Markdown; while it grows, only changed blocks are updated. */

import { element, visible } from "./element.js";
import { excerpt, numberedLines } from "./excerpt.js";
import { parse } from "./markdown.js";

const CONTAINERS = { strong: "strong", emphasis: "em" };

/** Text in `container`; `citations` creates the nodes for its markers, and links to lines. */
export class Prose {
  #container;
  #citations;
  #shown = [];

  constructor(container, citations) {
    this.#container = container;
    this.#citations = citations;
  }

  /** Show `text`; with `rebuild` every block is built again. */
  show(text, { rebuild = false } = {}) {
    const blocks = parse(text);
    const keys = blocks.map((block) => JSON.stringify(block));
    let same = 0;
    while (!rebuild && same < keys.length && keys[same] === this.#shown[same]) same += 1;
    while (this.#container.childNodes.length > same) this.#container.lastChild.remove();
    this.#container.append(...blocks.slice(same).map((block, at) => this.#block(block, blocks[same + at - 1])));
    this.#shown = keys;
  }

  /** `before` is the block above, whose markers cite the code that is quoted below it. */
  #block(block, before) {
    switch (block.type) {
      case "heading":
        // The page's own headings are the levels above.
        return element(`h${Math.min(6, block.level + 2)}`, {}, this.#inline(block.content));
      case "code":
        return this.#code(block.text, before);
      case "list":
        return this.#list(block);
      default:
        return element("p", {}, this.#inline(block.content));
    }
  }

  #code(text, before) {
    const lines = numberedLines(text);
    if (!lines) return element("pre", { tabindex: "0" }, element("code", {}, visible(text)));
    const references = (before?.content ?? []).filter((piece) => piece.marker);
    return excerpt(lines, (number) => this.#citations.linkToLine(references, number));
  }

  #list({ ordered, start, items }) {
    const attributes = { start: ordered && start !== 1 ? String(start) : null };
    const children = items.map((blocks) => element("li", {}, blocks.map((block, at) => this.#itemBlock(block, blocks[at - 1]))));
    return element(ordered ? "ol" : "ul", attributes, children);
  }

  /** An item's first paragraph is next to its bullet, without a paragraph's margins. */
  #itemBlock(block, before) {
    if (before || block.type !== "paragraph") return this.#block(block, before);
    return element("span", {}, this.#inline(block.content));
  }

  #inline(pieces) {
    return pieces.map((piece) => {
      if (typeof piece === "string") return visible(piece);
      if (piece.marker) return this.#citations.inText(piece);
      if (piece.type === "code") return element("code", {}, visible(piece.text));
      return element(CONTAINERS[piece.type], {}, this.#inline(piece.content));
    });
  }
}
