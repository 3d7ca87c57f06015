"""
The facts on one object for people: titles and texts, in the order in which they are read.

Knows objects. Knows no width.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from headrace.engine.text import time_taken
from headrace.views.ages import age
from headrace.views.columns import claim
from headrace.views.objects import (
    Object,
    entries,
    field,
    instant,
    message,
    name,
    namespace,
    number,
    path_of_webhooks,
    reason,
    state,
    text,
)

Fact = tuple[str, str]

REQUESTED_BY: Final = "headrace.dev/requested-by"


def facts(item: Object, now: datetime) -> list[Fact]:
    """Return what is known of an object; empty facts are left out."""
    known = _OF_KIND.get(text(item, "kind"), _common)
    return [(title, words) for title, words in known(item, now) if words]


def _common(item: Object, now: datetime) -> Iterator[Fact]:
    yield "Name", name(item)
    yield "Namespace", namespace(item)
    yield "Status", reason(item) + _since(item, now)
    yield "Message", message(item)


def _since(item: Object, now: datetime) -> str:
    begun = instant(item, "status", "since") or instant(state(item), "lastTransitionTime")
    return "" if begun is None else f" (since {age(begun, now)})"


def _workflow(item: Object, now: datetime) -> Iterator[Fact]:
    yield from _common(item, now)
    yield "About", text(item, "spec", "description")
    yield "Suspended", "triggers are off" if field(item, "spec", "suspend") is True else ""
    yield "Tasks", str(len(entries(item, "spec", "tasks")) + len(entries(item, "spec", "finally")))
    yield "Triggers", "; ".join(_trigger(each, item) for each in entries(item, "spec", "triggers"))
    yield "Active runs", text(item, "status", "activeRuns")
    yield "Waiting runs", text(item, "status", "waitingRuns")
    yield (
        "Last run",
        " ".join(
            filter(None, (text(item, "status", "lastRun"), text(item, "status", "lastOutcome")))
        ),
    )
    yield "Next run", text(item, "status", "nextRunTime")
    yield "Missed runs", str(number(item, "status", "missedRuns") or "")
    yield "Revision", text(item, "status", "revision")


def _trigger(trigger: Any, workflow: Object) -> str:
    schedule, webhook = field(trigger, "schedule"), field(trigger, "webhook")
    if webhook is not None:
        return f"deliveries to {path_of_webhooks(workflow)} ({text(webhook, 'scheme')})"
    if schedule is None:
        return ", ".join(trigger) if isinstance(trigger, Mapping) else ""
    when = text(schedule, "cron") or f"every {text(schedule, 'everySeconds')}s"
    return f"{when} {text(schedule, 'timeZone') or 'UTC'}"


def _run(item: Object, now: datetime) -> Iterator[Fact]:
    yield "Name", name(item)
    yield "Namespace", namespace(item)
    yield "Workflow", text(item, "spec", "workflow")
    yield "Status", reason(item) + _since(item, now)
    yield "Message", message(item)
    yield "Progress", text(item, "status", "progress")
    yield "Wanted", _wanted(item)
    delivery = text(item, "spec", "delivery", "id")
    yield "Trigger", " ".join(filter(None, (text(item, "spec", "trigger"), delivery)))
    yield "Requested by", text(item, "metadata", "annotations", REQUESTED_BY)
    yield "Logical time", text(item, "spec", "logicalTime")
    yield (
        "Params",
        " ".join(
            f"{text(each, 'name')}={text(each, 'value')}"
            for each in entries(item, "spec", "params")
        ),
    )
    yield from _times(item, now)
    yield "Revision", text(item, "status", "revision")
    yield "Outputs", _json(field(item, "status", "outputs"))


def _wanted(item: Object) -> str:
    wanted = text(item, "spec", "desiredState")
    return "" if wanted == "Run" else wanted


def _times(item: Object, now: datetime) -> Iterator[Fact]:
    begin, end = instant(item, "status", "startTime"), instant(item, "status", "completionTime")
    yield "Started", text(item, "status", "startTime")
    yield "Ended", text(item, "status", "completionTime")
    yield "Duration", time_taken(begin, end or now) or ""


def _task(item: Object, now: datetime) -> Iterator[Fact]:
    yield "Name", name(item)
    yield "Namespace", namespace(item)
    yield "Run", text(item, "spec", "run")
    yield "Task", text(item, "spec", "task")
    yield "Status", reason(item) + _since(item, now)
    yield "Message", message(item)
    yield "Attempts", text(item, "status", "attemptCount")
    yield "Next attempt", text(item, "status", "nextAttemptTime")
    yield "Items", text(item, "status", "items", "progress")
    yield from _times(item, now)
    yield "Outputs", _json(field(item, "status", "outputs"))


def _approval(item: Object, now: datetime) -> Iterator[Fact]:
    yield from _common(item, now)
    yield "Run", text(item, "spec", "run")
    yield "Task", text(item, "spec", "task")
    yield "Item", text(item, "spec", "item")
    yield "Question", text(item, "spec", "message")
    yield "Choices", ", ".join(map(str, entries(item, "spec", "choices")))
    who = [
        *entries(item, "spec", "approvers", "users"),
        *entries(item, "spec", "approvers", "groups"),
    ]
    yield "Approvers", ", ".join(map(str, who))
    yield "Deadline", text(item, "spec", "deadline")
    yield "Answer", text(item, "spec", "answer", "choice")
    yield "By", text(item, "spec", "answer", "by")
    yield "Comment", text(item, "spec", "answer", "comment")


def _pool(item: Object, now: datetime) -> Iterator[Fact]:
    yield from _common(item, now)
    yield "About", text(item, "spec", "description")
    yield "Slots", text(item, "spec", "slots")
    yield "Used", text(item, "status", "used")
    yield "Waiting", text(item, "status", "waiting")
    for title, part in (("Holders", "holders"), ("Queue", "queue")):
        yield title, "\n".join(_claim(each) for each in entries(item, "status", part))


def _claim(holder: Object) -> str:
    slots = number(holder, "slots")
    return claim(holder) if slots == 1 else f"{claim(holder)} ({slots} slots)"


def _backfill(item: Object, now: datetime) -> Iterator[Fact]:
    yield from _common(item, now)
    yield "Workflow", text(item, "spec", "workflow")
    yield "From", text(item, "spec", "from")
    yield "To", text(item, "spec", "to")
    yield "Step", text(item, "spec", "step") or "Schedule"
    yield "Existing", text(item, "spec", "existing") or "Skip"
    yield "Wanted", _wanted(item)
    yield "Progress", text(item, "status", "progress")
    for title, count in _COUNTS:
        yield title, str(number(item, "status", count) or "")
    yield "Next", text(item, "status", "next")
    yield from _times(item, now)
    yield "Would run", "\n".join(map(str, entries(item, "status", "names")))


_COUNTS: Final = (
    ("Done", "done"),
    ("Failed", "failed"),
    ("Active", "active"),
    ("Skipped", "skipped"),
)


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


_OF_KIND: Final = {
    "Workflow": _workflow,
    "WorkflowRun": _run,
    "TaskRun": _task,
    "Approval": _approval,
    "Pool": _pool,
    "Backfill": _backfill,
}
