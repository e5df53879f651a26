"""Writes docs/performance.md from the JSON in results/; with --check only says whether it is up to date."""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.agent_table import agent
from benchmarks.machine import RESULTS

PAGE = Path(__file__).parent.parent / "docs/performance.md"


def page() -> str:
    """The whole text of docs/performance.md."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench` from `benchmarks/results/*.json`. The figures of one table come from",
        "one run on the machine named under it; timings vary from run to run, so compare within a table.",
    ]
    for title, name, rows in SECTIONS:
        file = RESULTS / f"{name}.json"
        if file.exists():
            result = json.loads(file.read_text())
            lines += ["", f"## {title}", "", "| what | measured |", "|---|---|"]
            lines += [f"| {what} | {value} |" for what, value in rows(result)]
            lines += ["", _machine(result["machine"])]
    return "\n".join(lines) + "\n"


def _machine(machine: dict[str, Any]) -> str:
    where = "{processor}, {cores} cores, {memory_gib} GiB, {system}, Python {python}, {date}"
    return where.format(**machine)


Rows = list[tuple[str, str]]


def first_answer(result: dict[str, Any]) -> Rows:
    return [
        ("`make run` in a fresh clone, to the first cited answer", f"{result['fresh_seconds']} s"),
        ("`make run` when everything is there, to the first cited answer", f"{result['warm_seconds']} s"),
    ]


def written_rows(result: dict[str, Any]) -> Rows:
    return [(what, measured) for what, measured in result["rows"]]


def indexing(result: dict[str, Any]) -> Rows:
    search = result["search"]
    return [
        (f"{result['files']:,} files, {result['chunks']:,} chunks: found by their words",
         f"after {result['words_seconds']} s"),
        ("the vectors of all headers",
         f"after {result['headers_seconds']} s, {result['headers_per_second']} chunks/s"),
        ("the vectors of all whole chunks",
         f"after {result['index_seconds']} s, {result['whole_chunks_per_second']} chunks/s"),
        *(_rerun(what, result["after"][name]) for what, name in RERUNS),
        (f"`POST /search`, {search['requests']} requests one after the other",
         f"p50 {search['p50_ms']} ms, p95 {search['p95_ms']} ms"),
    ]  # fmt: skip


def secrets(result: dict[str, Any]) -> Rows:
    return [
        (f"reading and preparing {result['files']:,} files, {result['lines']:,} lines",
         f"{result['plain_seconds']} s; with secrets redacted {result['redacted_seconds']} s, "
         f"{result['added_percent']} % more"),
        ("taken for a secret", f"{result['redacted']} places"),
    ]  # fmt: skip


def retrieval(result: dict[str, Any]) -> Rows:
    def row(name: str, each: dict[str, float]) -> tuple[str, str]:
        return f"nDCG@10, {name}", f"{each['ndcg']:.3f} ({each['low']:.3f} to {each['high']:.3f})"

    search, recall = result["search"], result["recall"]
    return [
        *(row(name, each) for name, each in result["ablation"].items()),
        *(row(name, each) for name, each in result["groups"].items()),
        ("nDCG@10 with each chunk as a hit of its own", f"{result['raw_ndcg']:.3f}"),
        ("MRR@10; recall@1, @5, @10", f"{result['mrr']}; {recall['1']}, {recall['5']}, {recall['10']}"),
        ("time per query: embed, search, rank", f"p50 {search['p50_ms']} ms, p95 {search['p95_ms']} ms"),
        *(
            (f"published by {name}, over all 63 repositories", f"{value}")
            for name, value in result["published"].items()
        ),
    ]


def answers(result: dict[str, Any]) -> Rows:
    def row(name: str, each: dict[str, Any]) -> tuple[str, str]:
        said = []
        if each["answerable"]:
            parts = [f"{each[grade]:g} % {grade}" for grade in ("right", "partly", "wrong", "abstained")]
            said.append(f"{', '.join(parts)} of {each['answerable']}")
        if each["unanswerable"]:
            said.append(
                f"{each['unanswerable abstained']:g} % of {each['unanswerable']} unanswerable refused"
            )
        return name, "; ".join(said)

    return [
        *(row(name, each) for name, each in result["groups"].items()),
        ("lines quoted, time per answer", f"{result['lines']}, p50 {result['time']['p50_ms']} ms"),
    ]


def written(result: dict[str, Any]) -> Rows:
    def times(each: dict[str, Any]) -> str:
        if each["first_seconds"] is None:
            return ""
        return f"; first token {each['first_seconds']} s, end {each['seconds']} s"

    def row(name: str, each: dict[str, Any]) -> tuple[str, str]:
        graded = ", ".join(f"{each[grade]} {grade}" for grade in ("right", "partly", "wrong", "abstained"))
        said = f"{graded} of {result['answerable']}; {each['unanswerable invented']} unanswerable invented"
        if not each["written"]:
            return name, said
        return name, (
            f"{said}; {each['right with the quotes']} right with the quotes below; "
            f"{each['written']} written; cited lines hold the claim for {each['holding before']} of "
            f"{each['cited before']} citations before checking, {each['holding']} of {each['cited']} after; "
            "sentences with an invented name or number: "
            f"{each['invented before']} before checking, "
            f"{each['invented after']} unmarked after{times(each)}"
        )

    return [row(name, each) for name, each in result["columns"].items()]


RERUNS = (
    ("index again, nothing changed", "unchanged"),
    ("after a folder was renamed", "renamed_folder"),
    ("after a folder was taken out and put back, as on another branch", "branch_and_back"),
)


def _rerun(what: str, run: dict[str, Any]) -> tuple[str, str]:
    counts = f"{run['chunks']:,} chunks stored, {run['texts_embedded']:,} texts embedded"
    return what, f"{run['seconds']} s: {counts}"


def freshness(result: dict[str, Any]) -> Rows:
    edits = f"{result['edits']} saved files, one after the other: until the slowest is found"
    return [
        (edits, f"{result['SAVE_SECONDS']} s"),
        (f"{edits}, without file events", f"{result['SAVE_WITHOUT_EVENT_SECONDS']} s"),
        (f"`git checkout` of {result['checked_out']:,} files, until their words are found",
         f"{result['CHECKOUT_SECONDS']} s"),
        ("processor time of rag-server while nothing happens", f"{result['IDLE_CPU_PERCENT']} % of a core"),
        ("the same without file events", f"{result['IDLE_CPU_WITHOUT_EVENTS_PERCENT']} % of a core"),
    ]  # fmt: skip


def gateway(result: dict[str, Any]) -> Rows:
    memory = result["memory"]
    what = {"whole": "a whole answer", "stream": "the first event of a stream"}
    return [
        *(
            (f"{what[kind]}: what {name} adds to the model server's own time",
             f"p50 {each['p50_ms']:g} ms, p99 {each['p99_ms']:g} ms")
            for kind, gateways in result["added"].items() for name, each in gateways.items()
        ),
        (f"llm-server's memory before and after {memory['requests']:,} requests",
         f"{memory['before_mb']:g} MB, {memory['after_mb']:g} MB"),
        *((f"the memory of {name}", f"{mb:g} MB") for name, mb in result["peers_memory_mb"].items()),
    ]  # fmt: skip


def admission(result: dict[str, Any]) -> Rows:
    def row(name: str) -> tuple[str, str]:
        each = result[name]
        admitted, refused = each["statuses"].get("200", 0), each["statuses"].get("429", 0)
        return f"`/{name}`: {admitted} answered", (
            f"p50 {each['admitted']['p50_ms']} ms, p95 {each['admitted']['p95_ms']} ms; {refused} sent back, "
            f"to come again after {each['retry after'][0]} to {each['retry after'][1]} s"
        )

    return [row("search"), row("ask")]


def soak(result: dict[str, Any]) -> Rows:
    what = {"requests": "mixed requests", "saves": "saved files, a night with one every six seconds"}
    return [
        (f"{name}, before and after {result[kind]['count']:,} {said}",
         f"{result[kind]['before'][name]:g} MB, {result[kind]['after'][name]:g} MB")
        for kind, said in what.items() for name in result[kind]["before"]
    ]  # fmt: skip


def growth(result: dict[str, Any]) -> Rows:
    return [
        (f"{each['chunks']:,} chunks",
         f"words after {each['words_seconds']:g} s, unchanged run {each['unchanged_seconds']:g} s, "
         f"search p50 {each['search']['p50_ms']} ms, p95 {each['search']['p95_ms']} ms, "
         f"{each['peak_mib']:,} MiB of memory, {each['disk_mib']:,} MiB on disk")
        for each in result["sizes"]
    ]  # fmt: skip


def hot_reload(result: dict[str, Any]) -> Rows:
    where = {"tilt": "Tilt", "compose": "Compose", "processes": "`make run RELOAD=1`"}
    return [
        (f"{where[mode]}: {service}",
         f"served p50 {each['served']['p50_ms']:.0f} ms, p95 {each['served']['p95_ms']:.0f} ms; "
         f"healthy p50 {each['healthy']['p50_ms']:.0f} ms, p95 {each['healthy']['p95_ms']:.0f} ms")
        for mode, services in result["modes"].items() for service, each in services.items()
    ]  # fmt: skip


def clone_to_change(result: dict[str, Any]) -> Rows:
    return [(step, f"{seconds} s") for step, seconds in result["seconds"].items()]


SECTIONS = (
    ("From nothing to an answer", "first_answer", first_answer),
    ("Embedding 512 functions of the standard library", "embedding", written_rows),
    ("embedding-server's latency", "embedding_load", written_rows),
    ("embedding-server's memory", "embedding_memory", written_rows),
    ("Indexing and searching packages of the standard library", "indexing", indexing),
    ("What redacting secrets adds to indexing, embedding left out", "secrets", secrets),
    ("Finding the right file: 223 questions about packages, with 95 % intervals", "retrieval", retrieval),
    ("Answers without a model: 110 questions about public packages", "answers", answers),
    ("Tokens until an agent has the right lines on its screen: 93 of these questions", "agent", agent),
    ("Answers that a model on this machine writes: a sample of 30 of these questions", "written", written),
    ("What the gateway to the model adds, at 100 requests a second", "gateway", gateway),
    ("A thousand requests at once, on all cores of the machine", "admission", admission),
    ("Memory of the services over time, without the files that they map", "soak", soak),
    ("The index of 20,000 files follows the disk", "freshness", freshness),
    ("The embedded index as it grows: synthetic codebases, made-up vectors", "growth", growth),
    ("Save to served, in place, 20 edits of each service", "hot_reload", hot_reload),
    ("From a clone to a hot-reloaded change on a local cluster", "clone_to_change", clone_to_change),
)


def write() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    if "--check" not in sys.argv:
        write()
    elif not PAGE.exists() or PAGE.read_text() != page():
        raise SystemExit("docs/performance.md is not what benchmarks/results say: run `make bench`.")
