/** The page's state in the URL's hash: `#q=question&in=codebase&file=path:10-20`. */

const quoted = (text) => encodeURIComponent(text).replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%20/g, "+");

/** The question and the codebase ("" if missing) and the file `{path, start, end}` (null if missing) of a URL's hash. */
export function parseHash(hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const [, path, start, end] = /^(.+?)(?::(\d{1,9})(?:-(\d{1,9}))?)?$/s.exec(parameters.get("file") ?? "") ?? [];
  const first = Number(start ?? 0);
  return {
    question: parameters.get("q") ?? "",
    codebase: parameters.get("in") ?? "",
    file: path ? { path, start: first, end: Math.max(first, Number(end ?? first)) } : null,
  };
}

/** The hash from which `parseHash` reads `question`, `codebase` and `file`. */
export function formatHash({ question, codebase, file }) {
  const parts = [];
  if (question) parts.push(`q=${quoted(question)}`);
  if (codebase) parts.push(`in=${quoted(codebase)}`);
  if (file) parts.push(`file=${quoted(file.path)}${file.start ? `:${file.start}-${file.end}` : ""}`);
  return `#${parts.join("&")}`;
}

/** The link that opens `file` and keeps the current question. */
export const linkTo = (file) => formatHash({ ...parseHash(location.hash), file });
