"""
Between the engine's log of a workflow and the `status` of a Workflow, both ways.

The API types name the fields. Decides nothing.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.v1alpha1.conditions import Condition, ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import FollowedWorkflow, WorkflowStatus
from headrace.engine.workflow.ends import Handled, Upstream
from headrace.engine.workflow.observed import WorkflowLog
from headrace.engine.workflow.schedule import Recorded
from headrace.manifests.conditions import Past, condition_of, conditions
from headrace.manifests.json_form import Json, as_patch, read


def workflow_status(log: WorkflowLog, past: Past) -> Json:
    """Return a Workflow's next status, from its log and the previous status."""
    schedule = log.schedule
    return as_patch(
        WorkflowStatus(
            conditions=_conditions(log, past),
            observed_generation=log.observed_generation,
            revision=log.revision,
            applied_revision=log.applied_revision,
            active_runs=log.active,
            waiting_runs=log.waiting,
            last_run=log.last_run,
            last_run_time=log.last_run_time,
            last_outcome=log.last_outcome,
            last_tick_time=schedule.last_tick if schedule else None,
            schedule_key=schedule.key if schedule else None,
            schedule_since=schedule.since if schedule else None,
            next_run_time=log.next_run,
            missed_runs=log.missed,
            followed=tuple(_followed(*one) for one in sorted(log.followed.items(), key=_upstream)),
        )
    )


def read_workflow_status(written: Mapping[str, Any]) -> WorkflowLog:
    """
    Read the result of `workflow_status`. An empty status is an empty log.

    Raises:
        ValueError: if somebody has written something else there.

    """
    if not written:
        return WorkflowLog()
    status = read(WorkflowStatus, written)
    ready = condition_of(status.conditions, ConditionType.READY)
    return WorkflowLog(
        ready=ready is not None and ready.status is ConditionStatus.TRUE,
        reason=Reason(ready.reason) if ready else Reason.RECONCILING,
        message=ready.message if ready else "",
        since=ready.last_transition_time if ready else None,
        observed_generation=status.observed_generation,
        revision=status.revision,
        applied_revision=status.applied_revision,
        active=status.active_runs,
        waiting=status.waiting_runs,
        last_run=status.last_run,
        last_run_time=status.last_run_time,
        last_outcome=status.last_outcome,
        schedule=_schedule(status),
        next_run=status.next_run_time,
        missed=status.missed_runs,
        followed={Upstream(one.namespace, one.name): _handled(one) for one in status.followed},
    )


def _upstream(entry: tuple[Upstream, Handled]) -> Upstream:
    return entry[0]


def _followed(upstream: Upstream, handled: Handled) -> FollowedWorkflow:
    return FollowedWorkflow(
        namespace=upstream.namespace,
        name=upstream.name,
        handled_until=handled.until,
        handled=tuple(sorted(handled.later)),
    )


def _handled(status: FollowedWorkflow) -> Handled:
    return Handled(status.handled_until, frozenset(status.handled))


def _schedule(status: WorkflowStatus) -> Recorded | None:
    if status.schedule_key is None or status.schedule_since is None:
        return None
    return Recorded(status.schedule_key, status.schedule_since, status.last_tick_time)


def _conditions(log: WorkflowLog, past: Past) -> tuple[Condition, ...]:
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
