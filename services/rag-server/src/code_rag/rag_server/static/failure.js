/** An error as people read it, with a way to try again. */

import { element, visible } from "./element.js";

/** `error` in its own words; `retry` is what the button does. */
export function failure(error, retry) {
  const id = error.requestId ? element("p", { class: "request-id" }, `Request ${visible(error.requestId)}`) : null;
  return element(
    "div",
    { class: "failure", role: "alert" },
    element("p", {}, visible(error.message)),
    id,
    element("button", { type: "button", onclick: retry }, "Try again"),
  );
}
