"""
What needs somebody, what runs and what comes next: the first page.

Knows runs, questions and workflows. The controller has judged them already.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from headrace.views.cures import cure
from headrace.views.objects import (
    Object,
    condition,
    ended,
    entries,
    field,
    instant,
    message,
    name,
    reason,
    text,
)
from headrace.views.rows import Need, Overview, Upcoming
from headrace.views.summaries import newest_first, run_row, runs_by_workflow
from headrace.views.tones import Tone, tone

_RECENT: Final = timedelta(days=7)
"""A run that failed earlier needs nobody any more, whatever came after it."""
_MOST: Final = 100
_NEXT: Final = 20


def overview(
    workflows: Sequence[Object], runs: Sequence[Object], questions: Sequence[Object], now: datetime
) -> Overview:
    """Return what needs somebody, newest first of each kind; what runs; what comes next."""
    needs = [*_questions(questions, runs), *_failed(runs, now), *_stuck(runs), *_broken(workflows)]
    running = newest_first(run for run in runs if not ended(run))
    left_out = max(0, len(needs) - _MOST) + max(0, len(running) - _MOST)
    return Overview(
        needs[:_MOST],
        [run_row(run) for run in running[:_MOST]],
        sorted(_upcoming(workflows), key=lambda each: each.time)[:_NEXT],
        left_out,
    )


def _questions(questions: Iterable[Object], runs: Iterable[Object]) -> Iterator[Need]:
    workflows = {name(run): text(run, "spec", "workflow") for run in runs}
    for question in newest_first(each for each in questions if not ended(each)):
        run, task = text(question, "spec", "run"), text(question, "spec", "task")
        yield Need(
            *("approval", workflows.get(run, ""), run, task, name(question)),
            *(reason(question), text(question, "spec", "message"), Tone.TROUBLE.value),
            text(question, "metadata", "creationTimestamp"),
            cure(reason(question), run=run, task=task, workflow=""),
        )


def _failed(runs: Iterable[Object], now: datetime) -> Iterator[Need]:
    """Yield the runs that failed, as long as no later run of the workflow has succeeded."""
    newest: list[Object] = []
    for of_workflow in runs_by_workflow(runs).values():
        over = [run for run in of_workflow if ended(run)]
        if over and tone(over[0]) is Tone.BAD and _recent(over[0], now):
            newest.append(over[0])
    for run in newest_first(newest):
        yield _of_run("failed", run, "", reason(run), message(run))


def _recent(run: Object, now: datetime) -> bool:
    end = instant(run, "status", "completionTime")
    return end is None or now - end < _RECENT


def _stuck(runs: Iterable[Object]) -> Iterator[Need]:
    """Yield what the controller wants somebody to look at in runs that go on."""
    for run in newest_first(run for run in runs if not ended(run)):
        for each in entries(run, "status", "attention"):
            why = text(each, "reason")
            if why != "WaitingForApproval":  # the question itself says it
                yield _of_run("stuck", run, text(each, "task"), why, text(each, "message"))


def _of_run(kind: str, run: Object, task: str, why: str, words: str) -> Need:
    workflow = text(run, "spec", "workflow")
    mood = Tone.BAD if kind == "failed" else Tone.TROUBLE
    since = text(run, "status", "completionTime") or text(run, "metadata", "creationTimestamp")
    advice = cure(why, run=name(run), task=task, workflow=workflow)
    return Need(kind, workflow, name(run), task, "", why, words, mood.value, since, advice)


def _broken(workflows: Iterable[Object]) -> Iterator[Need]:
    for workflow in sorted(workflows, key=name):
        ready = condition(workflow, "Ready")
        if text(ready, "status") == "False":
            why = text(ready, "reason")
            yield Need(
                *("workflow", name(workflow), "", "", "", why, text(ready, "message")),
                *(Tone.BAD.value, text(ready, "lastTransitionTime")),
                cure(why, run="", task="", workflow=name(workflow)),
            )


def _upcoming(workflows: Iterable[Object]) -> Iterator[Upcoming]:
    for workflow in workflows:
        time = text(workflow, "status", "nextRunTime")
        if time and field(workflow, "spec", "suspend") is not True:
            yield Upcoming(name(workflow), time)
