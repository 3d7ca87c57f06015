"""
Between the engine's log of a workflow and the `status` of a Workflow, both ways.

Knows fields and times. Decides nothing.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.v1alpha1.conditions import ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.workflow.observed import WorkflowLog
from headrace.engine.workflow.schedule import Recorded
from headrace.manifests.conditions import Past, conditions
from headrace.manifests.status import read_time, write_time

Status = dict[str, Any]


def workflow_status(log: WorkflowLog, past: Past) -> Status:
    """Return a Workflow's status, after what it said until now."""
    schedule = log.schedule
    return {
        "conditions": _conditions(log, past),
        "observedGeneration": log.observed_generation,
        "revision": log.revision,
        "appliedRevision": log.applied_revision,
        "activeRuns": log.active,
        "waitingRuns": log.waiting,
        "lastRun": log.last_run,
        "lastRunTime": write_time(log.last_run_time),
        "lastOutcome": log.last_outcome,
        "lastTickTime": write_time(schedule.last_tick if schedule else None),
        "scheduleKey": schedule.key if schedule else None,
        "scheduleSince": write_time(schedule.since if schedule else None),
        "nextRunTime": write_time(log.next_run),
        "missedRuns": log.missed,
    }


def read_workflow_status(status: Mapping[str, Any]) -> WorkflowLog:
    """
    Read back what `workflow_status` wrote. An empty status is an empty log.

    Raises:
        KeyError, TypeError, ValueError: if somebody has written something else there.

    """
    if not status:
        return WorkflowLog()
    ready = _condition(status, ConditionType.READY)
    return WorkflowLog(
        ready=ready.get("status") == "True",
        reason=Reason(ready.get("reason", Reason.RECONCILING)),
        message=ready.get("message", ""),
        since=read_time(ready.get("lastTransitionTime")),
        observed_generation=status.get("observedGeneration", 0),
        revision=status.get("revision"),
        applied_revision=status.get("appliedRevision"),
        active=status.get("activeRuns", 0),
        waiting=status.get("waitingRuns", 0),
        last_run=status.get("lastRun"),
        last_run_time=read_time(status.get("lastRunTime")),
        last_outcome=status.get("lastOutcome"),
        schedule=_read_schedule(status),
        next_run=read_time(status.get("nextRunTime")),
        missed=status.get("missedRuns", 0),
    )


def _read_schedule(status: Mapping[str, Any]) -> Recorded | None:
    key, since = status.get("scheduleKey"), read_time(status.get("scheduleSince"))
    if key is None or since is None:
        return None
    return Recorded(key, since, read_time(status.get("lastTickTime")))


def _conditions(log: WorkflowLog, past: Past) -> list[Status]:
    """Derive the conditions: Reconciling never changes, the others with `ready`."""
    yes, no = ConditionStatus.TRUE, ConditionStatus.FALSE
    states = {
        ConditionType.READY: yes if log.ready else no,
        ConditionType.RECONCILING: no,
        ConditionType.STALLED: no if log.ready else yes,
    }
    since = {
        kind: past.since(kind, state, log.since, first=kind is ConditionType.RECONCILING)
        for kind, state in states.items()
    }
    return conditions(states, (log.reason, log.message, log.observed_generation), since)


def _condition(status: Mapping[str, Any], kind: ConditionType) -> Mapping[str, Any]:
    for condition in status.get("conditions", ()):
        if condition["type"] == kind:
            return dict(condition)
    return {}
