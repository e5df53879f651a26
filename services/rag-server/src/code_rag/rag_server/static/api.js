/** The rag-server's HTTP interface. */

import { chunksOf, parseEvents } from "./events.js";

const KEY = "coderag-api-key";

/** An error with the server's message; `status` is 0 if there was no response. */
export class ApiError extends Error {
  constructor(message, status = 0, requestId = "") {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }
}

/** Store the key for this tab only. */
export const setKey = (key) => sessionStorage.setItem(KEY, key);

/** Whether a key is stored for this tab. */
export const hasKey = () => sessionStorage.getItem(KEY) !== null;

/** The health report, even if the server is unavailable. */
export async function health() {
  return (await send("health", {}, [503])).json();
}

/** The state of indexing. */
export async function indexStatus() {
  return (await send("index")).json();
}

/** Start indexing changed files. */
export async function startIndex() {
  return (await send("index", post({}))).json();
}

/** Questions that the index of a codebase, or of all, answers. */
export async function suggestions(codebase) {
  const query = codebase ? `?${new URLSearchParams({ codebase })}` : "";
  return (await (await send(`suggestions${query}`)).json()).questions;
}

/** A source file of the codebase. */
export async function readFile(path, signal) {
  return (await send(`files/${path.split("/").map(encodeURIComponent).join("/")}`, { signal })).json();
}

/**
 * Ask `question`, of all codebases or of one, after the turns of `history`; with `again` a kept answer is not
 * taken. Yields `{name, data}` for each of the events hits, token and answer, and for others that may come.
 */
export async function* ask({ question, codebase, history, again }, signal) {
  const body = { question, stream: true };
  if (codebase) body.codebase = codebase;
  if (history.length) body.history = history;
  if (again) body.again = true;
  const response = await send("ask", { ...post(body), signal });
  try {
    for await (const { name, data } of parseEvents(chunksOf(response.body))) {
      const content = JSON.parse(data);
      if (name === "error") throw new ApiError(content.error.message, 502, requestIdOf(response));
      yield { name, data: content };
      if (name === "answer") return;
    }
  } catch (error) {
    throw asApiError(error);
  }
  throw new ApiError("The answer ended early.");
}

function post(body) {
  return { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

async function send(path, options = {}, accepted = []) {
  const key = sessionStorage.getItem(KEY);
  const headers = key === null ? options.headers : { ...options.headers, authorization: `Bearer ${key}` };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    throw asApiError(error);
  }
  if (!response.ok && !accepted.includes(response.status)) throw await errorOf(response);
  return response;
}

function asApiError(error) {
  if (error instanceof ApiError || error.name === "AbortError") return error;
  return new ApiError("The server cannot be reached, or the connection broke.");
}

async function errorOf(response) {
  let message = `The server answered ${response.status}.`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // Not our error format: a proxy answered instead of the server, so report only the status.
  }
  return new ApiError(message, response.status, requestIdOf(response));
}

const requestIdOf = (response) => response.headers.get("x-request-id") ?? "";
