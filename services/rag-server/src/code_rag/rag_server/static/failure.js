/** An error message with a button to try again. */

import { element, visible } from "./element.js";

/** Shows the message of `error`; the button calls `retry`. */
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
