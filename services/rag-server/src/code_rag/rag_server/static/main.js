/** Connects the parts of the page: the URL's hash determines what is shown, and all navigation changes it. */

import { Answer } from "./answer.js";
import { ask } from "./api.js";
import { CodebaseChoice } from "./codebases.js";
import { Composer } from "./composer.js";
import { KeyForm } from "./key.js";
import { formatHash, parseHash } from "./links.js";
import { SourcePanel } from "./source.js";
import { Status } from "./status.js";

const find = (selector) => document.querySelector(selector);

const key = new KeyForm(find("#key"));
const onRefused = (what, retry) => key.ask(what, retry);
const choice = new CodebaseChoice(find("#codebase"));
const status = new Status(find("#status"), { onRefused, onCodebases: (names) => choice.offer(names) });
const panel = new SourcePanel(find("#source"), { onClose: () => go({ ...shown(), file: null }), onRefused });
const composer = new Composer(find("#ask"), { onAsk: askAgain, onStop: stop });

let asked = { question: "", codebase: "" };
let answer = null;
let writing = null;

const shown = () => parseHash(location.hash);

function go(state) {
  location.hash = formatHash(state);
}

/** Ask, even if the same question is already shown. */
function askAgain(question) {
  const wanted = { question, codebase: choice.chosen };
  if (isSame(wanted, shown())) answerTo(wanted);
  else go({ ...wanted, file: null });
}

const isSame = (one, other) => one.question === other.question && one.codebase === other.codebase;

/** Make the page match the URL. */
function follow() {
  const { question, codebase, file } = shown();
  if (!isSame({ question, codebase }, asked)) answerTo({ question, codebase });
  if (file) panel.open(file, answer?.sourceAt(file) ?? null);
  else panel.close();
}

async function answerTo({ question, codebase }) {
  stop();
  asked = { question, codebase };
  choice.chosen = codebase;
  composer.question = question;
  document.title = question ? `${question} · coderag` : "coderag";
  find("#welcome").hidden = question !== "";
  find("#answer").replaceChildren();
  answer = null;
  if (question) await write(asked);
}

async function write({ question, codebase }) {
  const mine = new AbortController();
  const written = new Answer(find("#answer"), question);
  [writing, answer] = [mine, written];
  composer.busy = true;
  try {
    for await (const event of ask(question, codebase, mine.signal)) written.take(event);
    if (shown().file) panel.judge(written.sourceAt(shown().file));
  } catch (error) {
    breakOff(written, error, () => answerTo({ question, codebase }));
  }
  if (writing === mine) stop();
}

function breakOff(written, error, retry) {
  if (error.name === "AbortError") written.stop("Stopped.");
  else if (error.status !== 401) written.fail(error, retry);
  else {
    written.stop("Waiting for the API key.");
    onRefused("answer", retry);
  }
}

function stop() {
  writing?.abort();
  writing = null;
  composer.busy = false;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (writing) stop();
  else if (status.isOpen) status.close();
  else if (panel.isOpen) go({ ...shown(), file: null });
});
addEventListener("hashchange", follow);
for (const example of document.querySelectorAll("#welcome button")) {
  example.addEventListener("click", () => askAgain(example.textContent));
}
status.refresh();
follow();
