/** Connects the parts of the page: the URL's hash determines what is shown, and all navigation changes it. */

import { CodebaseChoice } from "./codebases.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { KeyForm } from "./key.js";
import { formatHash, parseHash } from "./links.js";
import { SourcePanel } from "./source.js";
import { Status } from "./status.js";
import { Suggestions } from "./suggestions.js";

const find = (selector) => document.querySelector(selector);

const key = new KeyForm(find("#key"));
const onRefused = (what, retry) => key.ask(what, retry);
const choice = new CodebaseChoice(find("#codebase"), { onChange: suggest });
const status = new Status(find("#status"), { onRefused, onCodebases });
const suggestions = new Suggestions(find("#welcome ul"), { onAsk: askAgain });
const panel = new SourcePanel(find("#source"), { onClose: () => go({ ...shown(), file: null }), onRefused });
const composer = new Composer(find("#ask"), { onAsk: askAgain, onStop: () => conversation.stop() });
const conversation = new Conversation(find("#answer"), {
  onBusy: (busy) => {
    composer.busy = busy;
  },
  onFinish: () => {
    if (shown().file) panel.judge(conversation.sourceAt(shown().file));
    status.refresh(true); // a model that has failed shows at once
  },
  onRefused,
});

let asked = { question: "", codebase: "" };

function onCodebases(names) {
  choice.offer(names);
  suggest();
}

function suggest() {
  if (!find("#welcome").hidden) suggestions.show(choice.chosen);
}

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
  if (file) panel.open(file, conversation.sourceAt(file));
  else panel.close();
}

function answerTo({ question, codebase }) {
  asked = { question, codebase };
  choice.chosen = codebase;
  composer.question = question;
  document.title = question ? `${question} · coderag` : "coderag";
  find("#welcome").hidden = question !== "";
  suggest();
  conversation.start(question, codebase);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (conversation.isWriting) conversation.stop();
  else if (status.isOpen) status.close();
  else if (panel.isOpen) go({ ...shown(), file: null });
});
addEventListener("hashchange", follow);
status.refresh();
follow();
