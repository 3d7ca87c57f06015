"""
Between the engine's log of a task's items and `status.items` of a TaskRun, both ways.

The API types name the fields. Decides nothing.
"""

from headrace.api.v1alpha1 import items as api
from headrace.api.v1alpha1.items import ItemsStatus
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.items import FailureCount, ItemFailure, ItemsLog


def items_status(items: ItemsLog | None) -> ItemsStatus | None:
    """Return the status of items; None: the task has none."""
    if items is None:
        return None
    return ItemsStatus(
        total=items.total,
        progress=f"{items.total - len(items.todo)}/{items.total}",
        succeeded=str(items.succeeded),
        failed=str(items.failed),
        running=str(items.running),
        retrying=str(items.retrying),
        taken_over=str(items.taken_over),
        digest=items.digest or None,
        failures=tuple(map(_failure, items.failures)),
        failure_counts=tuple(map(_count, items.counts)),
        memory_rule=items.memory_rule,
    )


def read_items_status(status: ItemsStatus | None) -> ItemsLog | None:
    """
    Read the result of `items_status`.

    Raises:
        ValueError: Somebody has written something else there.

    """
    if status is None:
        return None
    total = status.total
    return ItemsLog(
        total=total,
        succeeded=Places.read(status.succeeded, total),
        failed=Places.read(status.failed, total),
        running=Places.read(status.running, total),
        retrying=Places.read(status.retrying, total),
        taken_over=Places.read(status.taken_over, total),
        digest=status.digest or "",
        failures=tuple(map(_read_failure, status.failures)),
        counts=tuple(_read_count(count, total) for count in status.failure_counts),
        memory_rule=status.memory_rule,
    )


def _failure(failure: ItemFailure) -> api.ItemFailure:
    return api.ItemFailure(
        index=failure.index,
        reason=failure.reason,
        message=failure.message or None,
        exit_code=failure.exit_code,
    )


def _read_failure(status: api.ItemFailure) -> ItemFailure:
    reason, message = Reason(status.reason), status.message or ""
    return ItemFailure(status.index, reason, message, status.exit_code)


def _count(count: FailureCount) -> api.FailureCount:
    return api.FailureCount(
        items=str(count.items),
        user_failures=count.user,
        infrastructure_failures=count.infrastructure,
    )


def _read_count(status: api.FailureCount, total: int) -> FailureCount:
    items = Places.read(status.items, total)
    return FailureCount(items, status.user_failures, status.infrastructure_failures)
