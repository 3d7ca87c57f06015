"""From an object to its row for the lists of the page. Knows objects; knows no clock."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from headrace.views.objects import (
    Object,
    ended,
    entries,
    field,
    message,
    name,
    namespace,
    number,
    reason,
    state,
    text,
)
from headrace.views.rows import (
    ApprovalRow,
    AttemptRow,
    BackfillRow,
    ClaimRow,
    PoolRow,
    RunBar,
    RunRow,
    State,
    TaskRow,
    WorkflowRow,
)
from headrace.views.steering import desired
from headrace.views.tones import tone

USUAL_CHOICES: Final = ("approve", "reject")
"""The answers of a question that names none."""
LAST_RUNS: Final = 20
"""How many runs of a workflow its row shows."""


def state_of(item: Object) -> State:
    """Return how an object is."""
    since = text(item, "status", "since") or text(state(item), "lastTransitionTime")
    return State(reason(item), message(item), tone(item).value, ended(item), since)


def run_row(run: Object) -> RunRow:
    """Return the row of a run."""
    return RunRow(
        name=name(run),
        namespace=namespace(run),
        workflow=text(run, "spec", "workflow"),
        state=state_of(run),
        progress=text(run, "status", "progress"),
        desired=desired(run),
        trigger=text(run, "spec", "trigger"),
        logical_time=text(run, "spec", "logicalTime"),
        created=text(run, "metadata", "creationTimestamp"),
        started=text(run, "status", "startTime"),
        completed=text(run, "status", "completionTime"),
    )


def newest_first(items: Iterable[Object]) -> list[Object]:
    """Sort objects by the time of their creation."""
    return sorted(
        items,
        key=lambda item: (text(item, "metadata", "creationTimestamp"), name(item)),
        reverse=True,
    )


def runs_by_workflow(runs: Iterable[Object]) -> Mapping[tuple[str, str], list[Object]]:
    """Return the runs of each workflow, by its namespace and name, newest first."""

    def owner(run: Object) -> tuple[str, str]:
        return namespace(run), text(run, "spec", "workflow")

    ordered = sorted(newest_first(runs), key=owner)
    return {key: list(group) for key, group in groupby(ordered, owner)}


def workflow_row(workflow: Object, runs: Sequence[Object]) -> WorkflowRow:
    """Return the row of a workflow with its newest runs, which come newest first."""
    return WorkflowRow(
        name=name(workflow),
        namespace=namespace(workflow),
        description=text(workflow, "spec", "description"),
        state=state_of(workflow),
        suspended=field(workflow, "spec", "suspend") is True,
        active=sum(not ended(run) for run in runs),
        next_run=text(workflow, "status", "nextRunTime"),
        runs=[_bar(run) for run in runs[:LAST_RUNS]],
    )


def _bar(run: Object) -> RunBar:
    return RunBar(
        name=name(run),
        reason=reason(run),
        tone=tone(run).value,
        started=text(run, "status", "startTime"),
        completed=text(run, "status", "completionTime"),
    )


def task_row(task: Object) -> TaskRow:
    """Return the row of a task."""
    return TaskRow(
        task=text(task, "spec", "task"),
        state=state_of(task),
        outcome=text(task, "status", "outcome"),
        attempts=number(task, "status", "attemptCount"),
        items=text(task, "status", "items", "progress"),
        started=text(task, "status", "startTime"),
        completed=text(task, "status", "completionTime"),
        next_attempt=text(task, "status", "nextAttemptTime"),
    )


def attempt_rows(task: Object) -> list[AttemptRow]:
    """Return the attempts of a task that its status still has, oldest first."""
    return [
        AttemptRow(
            number=number(attempt, "number"),
            reason=text(attempt, "reason"),
            message=text(attempt, "message"),
            exit_code=text(attempt, "exitCode"),
            created=text(attempt, "createdTime"),
            scheduled=text(attempt, "scheduledTime"),
            started=text(attempt, "startTime"),
            completed=text(attempt, "finishTime"),
            job=text(attempt, "jobName"),
            pod=text(attempt, "podName"),
            node=text(attempt, "nodeName"),
            run=text(attempt, "runName"),
        )
        for attempt in entries(task, "status", "attempts")
    ]


def pool_row(pool: Object) -> PoolRow:
    """Return the row of a pool."""
    return PoolRow(
        name=name(pool),
        description=text(pool, "spec", "description"),
        state=state_of(pool),
        slots=number(pool, "spec", "slots"),
        used=number(pool, "status", "used"),
        waiting=number(pool, "status", "waiting"),
        holders=_claims(pool, "holders"),
        queue=_claims(pool, "queue"),
    )


def _claims(pool: Object, part: str) -> list[ClaimRow]:
    return [
        ClaimRow(text(claim, "run"), text(claim, "task"), number(claim, "slots"))
        for claim in entries(pool, "status", part)
    ]


def backfill_row(backfill: Object) -> BackfillRow:
    """Return the row of a backfill."""
    return BackfillRow(
        name=name(backfill),
        workflow=text(backfill, "spec", "workflow"),
        state=state_of(backfill),
        desired=desired(backfill),
        first=text(backfill, "spec", "from"),
        last=text(backfill, "spec", "to"),
        progress=text(backfill, "status", "progress"),
        total=number(backfill, "status", "total"),
        done=number(backfill, "status", "done"),
        failed=number(backfill, "status", "failed"),
        active=number(backfill, "status", "active"),
        created=text(backfill, "metadata", "creationTimestamp"),
    )


def approval_row(approval: Object) -> ApprovalRow:
    """Return the row of a question."""
    return ApprovalRow(
        name=name(approval),
        run=text(approval, "spec", "run"),
        task=text(approval, "spec", "task"),
        item=text(approval, "spec", "item"),
        question=text(approval, "spec", "message"),
        choices=[str(each) for each in entries(approval, "spec", "choices") or USUAL_CHOICES],
        state=state_of(approval),
        answer=text(approval, "spec", "answer", "choice"),
        by=text(approval, "spec", "answer", "by"),
        comment=text(approval, "spec", "answer", "comment"),
        deadline=text(approval, "spec", "deadline"),
        created=text(approval, "metadata", "creationTimestamp"),
    )
