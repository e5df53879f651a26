"""The state of several codebases' index runs as one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple

from code_rag.rag_server.pace import Step, StepName
from code_rag.rag_server.progress import FileCounts, IndexReport, State, VectorWork, Watching

_STATES: tuple[State, ...] = ("running", "waiting", "failed", "idle")
"""The first that any codebase is in is the state of all."""
_STEPS: tuple[StepName, ...] = ("words", "headers", "whole chunks")

_WATCHING: tuple[Watching, ...] = ("off", "scan", "events")
"""The first that any codebase has is said of all."""


def total(reports: Sequence[tuple[str, IndexReport]]) -> IndexReport:
    """One report for the reports of named codebases; each detail starts with its codebase's name.

    It has ended once each has, and took as long as the slowest.
    """
    if len(reports) == 1:
        return reports[0][1]
    each = [report for _, report in reports]
    states = {report.state for report in each}
    open_ones = [(name, report) for name, report in reports if report.state != "idle" and report.detail]
    started = [report.started_at for report in each if report.started_at]
    finished = [report.finished_at for report in each if report.finished_at]
    skipped = sum((Counter(report.skipped) for report in each), Counter[str]())
    return IndexReport(
        state=next((state for state in _STATES if state in states), "idle"),
        detail="; ".join(f"{name}: {report.detail}" for name, report in open_ones),
        path="",
        started_at=min(started, default=None),
        finished_at=max(finished) if finished and len(finished) == len(each) else None,
        seconds=max((report.seconds for report in each), default=0.0),
        files=FileCounts(*(sum(counts) for counts in zip(*(astuple(r.files) for r in each), strict=True))),
        chunks=sum(report.chunks for report in each),
        skipped=dict(skipped),
        errors=tuple(error for report in each for error in report.errors),
        step=_step([report.step for report in each if report.step]),
        vectors=_vectors([report.vectors for report in each]),
        secrets=sum(report.secrets for report in each),
        changed=sum(report.changed for report in each),
        watching=min((report.watching for report in each), key=_WATCHING.index, default="off"),
    )


def _vectors(work: Sequence[VectorWork]) -> VectorWork:
    return VectorWork(
        computed=sum(each.computed for each in work),
        reused=sum(each.reused for each in work),
        pruned=sum(each.pruned for each in work),
        removed_indexes=tuple(name for each in work for name in each.removed_indexes),
    )


def _step(steps: Sequence[Step]) -> Step | None:
    """The earliest step that any codebase is in, with what all codebases in it have done."""
    names = {step.name for step in steps}
    name = next((name for name in _STEPS if name in names), None)
    if name is None:
        return None
    same = [step for step in steps if step.name == name]
    done, whole, rate = (
        sum(step.done for step in same),
        sum(step.total for step in same),
        sum(step.per_second for step in same),
    )
    return Step(name, done, whole, rate, (whole - done) / rate if rate else None)
