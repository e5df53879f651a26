/** The state of the index and of the server's parts, refreshed often while indexing is in progress. */

import { health, indexStatus, startIndex } from "./api.js";
import { element, visible } from "./element.js";

const BUSY_MS = 1000;
const IDLE_MS = 3000; // a model or service that fails shows within 5 s
const INDEX_MS = 30_000; // its counts take longer to get than the health of the parts
const SIGNS = { ok: "✓", degraded: "!", failing: "✗" };
const TROUBLE = { 0: "The server cannot be reached", 401: "API key required" };

/** Fills a `<details>`: the summary is one line, the rest is shown when it is opened. */
export class Status {
  #summary;
  #parts;
  #index;
  #button;
  #message;
  #details;
  #onRefused;
  #onCodebases;
  #timer = 0;
  #known = null;
  #indexAt = 0;

  constructor(details, { onRefused, onCodebases }) {
    this.#summary = details.querySelector("summary span");
    this.#parts = details.querySelector(".parts");
    this.#index = details.querySelector(".index");
    this.#button = details.querySelector("button");
    this.#message = details.querySelector(".message");
    this.#details = details;
    this.#onRefused = onRefused;
    this.#onCodebases = onCodebases;
    this.#button.addEventListener("click", () => this.#start());
    document.addEventListener("visibilitychange", () => this.refresh());
    document.addEventListener("click", ({ target }) => details.contains(target) || this.close());
  }

  get isOpen() {
    return this.#details.open;
  }

  close() {
    this.#details.open = false;
  }

  /** Refresh now, and again at intervals while the page is visible; the index less often while it is idle. */
  async refresh(again = false) {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    let pause = IDLE_MS;
    try {
      const report = await health();
      this.#parts.replaceChildren(...Object.entries(report.checks).map(partRow));
      const index = await this.#indexFor(report, again);
      this.#show(report, index);
      this.#onCodebases(index.codebases.map(({ name }) => name));
      if (isBusy(index) || index.changed) pause = BUSY_MS;
    } catch (error) {
      this.#known = null;
      this.#fail(error);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(true), pause);
  }

  /** What is known of the index, if its health is unchanged and it was asked not long ago. */
  async #indexFor({ checks }, again) {
    const known = this.#known;
    const same = known && JSON.stringify(checks.index) === known.check;
    if (again && same && !isBusy(known.index) && !known.index.changed && Date.now() - this.#indexAt < INDEX_MS) {
      return known.index;
    }
    this.#indexAt = Date.now();
    this.#known = { check: JSON.stringify(checks.index), index: await indexStatus() };
    return this.#known.index;
  }

  async #start() {
    this.#button.disabled = true;
    try {
      await startIndex();
    } catch (error) {
      this.#fail(error);
    }
    await this.refresh();
  }

  #show(report, index) {
    const state = isBusy(index) ? "busy" : index.state === "failed" ? "failing" : report.status;
    this.#details.dataset.state = state;
    this.#summary.textContent = headline(report, index);
    this.#message.textContent = index.detail ? visible(index.detail) : "";
    this.#button.disabled = index.state === "running";
    this.#button.textContent = index.state === "running" ? "Indexing …" : "Index again";
    this.#index.replaceChildren(...indexRows(index));
  }

  #fail(error) {
    this.#details.dataset.state = "failing";
    this.#summary.textContent = TROUBLE[error.status] ?? "The server is unavailable";
    this.#message.textContent = visible(error.message);
    this.#button.disabled = false;
    if (error.status === 401) this.#onRefused("status", () => this.refresh());
  }
}

const isBusy = ({ state }) => state === "running" || state === "waiting";

function headline({ status }, index) {
  if (isBusy(index)) {
    const { total, pending } = index.files;
    return `${index.state === "waiting" ? "Waiting" : "Indexing"}: ${total - pending} of ${total} files`;
  }
  if (index.state === "failed") return "Indexing failed";
  if (index.changed) return changedSentence(index);
  const found = index.searchable ?? { files: index.files.total, chunks: index.chunks };
  const counts = `${found.chunks.toLocaleString("en")} chunks of ${found.files.toLocaleString("en")} files`;
  return status === "ok" ? counts : `${counts}, ${status}`;
}

const changedSentence = ({ changed }) =>
  `${changed} ${changed === 1 ? "file or folder has" : "files or folders have"} changed since the code was indexed`;

function currency(index) {
  if (index.changed) return changedSentence(index);
  if (!index.finished_at) return "not compared with the disk since the server started";
  if (index.watching !== "off") return "up to date with the disk";
  return `as at ${new Date(index.finished_at).toLocaleTimeString()}; later changes are not watched`;
}

function partRow([name, { status, detail }]) {
  return element(
    "li",
    { class: status },
    element("span", { "aria-hidden": "true" }, SIGNS[status] ?? "?"),
    element("span", {}, visible(name)),
    element("span", { class: "detail" }, visible(detail || status)),
  );
}

const vectorsOf = ({ chunks, vectors: { header, whole } }) =>
  `${whole} of ${chunks} chunks${header ? `, ${header} by their headers only` : ""}`;

const nextOf = ({ model, searchable, meanwhile }) =>
  [model.name, ...(searchable ? [vectorsOf(searchable)] : []), meanwhile].join("; ");

function indexRows(index) {
  const { state, files, seconds, skipped, errors, step, searchable, secrets, codebases, model } = index;
  const reasons = Object.entries(skipped).sort(([, a], [, b]) => b - a);
  const done = `${files.indexed} indexed, ${files.unchanged} unchanged, ${files.removed} removed`;
  const rows = [
    ...(state === "idle" ? [["Code", currency(index)]] : []),
    [state === "running" ? "This run" : "Last run", `${done}, ${seconds.toFixed(1)}\u00a0s`],
    ...(step ? [["Step", `${step.name}: ${step.done} of ${step.total}`]] : []),
    ...(searchable ? [["Vectors", vectorsOf(searchable)]] : []),
    ...(model ? [["Model", model.name]] : []),
    ...(index.next ? [["Next model", nextOf(index.next)]] : []),
    ...(secrets ? [["Secrets", `${secrets} redacted; coderag secrets lists the places`]] : []),
    ["Skipped", reasons.map(([reason, count]) => `${count} ${reason}`).join(", ") || "nothing"],
    ...(codebases.length > 1 ? codebases.map(codebaseRow) : []),
    ...errors.slice(0, 20).map(({ path, message }) => ["Failed", `${path}: ${message}`]),
  ];
  return rows.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, visible(text))]);
}

function codebaseRow({ name, state, detail, searchable }) {
  const counts = searchable ? `${searchable.chunks} chunks of ${searchable.files} files` : "not known";
  return [visible(name), [counts, state === "idle" ? "" : state, detail].filter(Boolean).join(", ")];
}
