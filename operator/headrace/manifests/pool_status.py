"""
Between the engine's log of a pool and the `status` of a Pool, both ways.

The API types name the fields. Decides nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace.api.v1alpha1.conditions import ConditionStatus, ConditionType
from headrace.api.v1alpha1.pool import PoolSpec, PoolStatus
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.pool.observed import PoolLog
from headrace.manifests.conditions import Past, condition_of, conditions
from headrace.manifests.json_form import Json, as_patch, name_of, read

_SLOTS = name_of(PoolSpec, "slots")
_READY = {
    ConditionType.READY: ConditionStatus.TRUE,
    ConditionType.RECONCILING: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.FALSE,
}
_STALLED = {
    ConditionType.READY: ConditionStatus.FALSE,
    ConditionType.RECONCILING: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.TRUE,
}


def slots_of(spec: Mapping[str, Any]) -> int:
    """Return a pool's slots: none, if somebody wrote something else there."""
    slots = spec.get(_SLOTS)
    return slots if isinstance(slots, int) else 0


def pool_status(log: PoolLog, past: Past) -> Json:
    """Return a Pool's next status, from its log and the previous status."""
    states = _READY if log.ready else _STALLED
    since = {kind: past.since(kind, state, None, first=log.ready) for kind, state in states.items()}
    shown = (log.reason, log.message, log.observed_generation)
    return as_patch(
        PoolStatus(
            conditions=conditions(states, shown, since),
            observed_generation=log.observed_generation,
            used=log.used,
            waiting=log.waiting,
            holders=log.holders,
            queue=log.queue,
        )
    )


def read_pool_status(written: Mapping[str, Any]) -> PoolLog:
    """Read the result of `pool_status`; an empty log, if it is something else."""
    try:
        status = read(PoolStatus, written)
        ready = condition_of(status.conditions, ConditionType.READY)
        log = PoolLog(
            used=status.used,
            waiting=status.waiting,
            holders=status.holders,
            queue=status.queue,
            observed_generation=status.observed_generation,
        )
        if ready is None:
            return log
        is_ready = ready.status is ConditionStatus.TRUE
        return replace(log, ready=is_ready, reason=Reason(ready.reason), message=ready.message)
    except ValueError:
        return PoolLog()
