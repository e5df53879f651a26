/** Builds DOM nodes from data; text stays text, so that nothing from a server or model becomes markup. */

/**
 * An element with attributes and children. `on…` keys are listeners, false and null omit an attribute,
 * true sets it empty; children are nodes or strings, and null is skipped.
 */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

// Controls and direction marks: they are invisible, or make code look different from what it is.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `text` with invisible characters escaped, such as `<U+202E>`. */
export function visible(text) {
  const code = (char) => char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return text.replace(HIDDEN, (char) => `<U+${code(char)}>`);
}

/** A path with its folders less prominent than the file's name, then lines as `:10-20`. */
export function placeName({ path, start, end }) {
  const nameStart = path.lastIndexOf("/") + 1;
  const lines = start ? `:${start}${end > start ? `-${end}` : ""}` : "";
  return element(
    "span",
    { class: "place" },
    element("span", { class: "folder" }, visible(path.slice(0, nameStart))),
    element("span", { class: "file" }, visible(path.slice(nameStart))),
    element("span", { class: "lines" }, lines),
  );
}
