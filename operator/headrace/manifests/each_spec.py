"""
The items in the spec of a TaskRun whose work runs no program: written when the task starts.

Knows the values that items have of their own. Knows no API server.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.call import WorkflowCall
from headrace.api.v1alpha1.for_each import MAX_ITEMS
from headrace.api.v1alpha1.items import ItemsSpec, ItemValues, ItemWork
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.engine.definition.work import Approval, Approvals, ChildRun, ChildRuns, Timers
from headrace.engine.task.each import Given
from headrace.manifests.json_form import Json, as_json, name_of, read

ITEMS: Final = name_of(TaskRunSpec, "items")
WORKFLOW: Final = name_of(TaskRunSpec, "workflow")
APPROVAL: Final = name_of(TaskRunSpec, "approval")
_TOTAL: Final = name_of(ItemsSpec, "total")
_WORK: Final = name_of(ItemsSpec, "work")
_DIGEST: Final = name_of(ItemsSpec, "digest")
LONGEST_DIGEST: Final = 64

WORKS: Final[Mapping[type, ItemWork]] = {
    Timers: ItemWork.WAIT,
    ChildRuns: ItemWork.WORKFLOW,
    Approvals: ItemWork.APPROVAL,
}


def items_facts(spec: Mapping[str, Any]) -> Json:
    """Return the part of a spec that says how many items there are, and what is done for each."""
    items = spec.get(ITEMS)
    if not isinstance(items, dict):
        return {}
    total, work = items.get(_TOTAL), items.get(_WORK)
    if type(total) is not int or not 0 < total <= MAX_ITEMS or work not in set(ItemWork):
        return {}
    written = items.get(_DIGEST)
    digest = written if isinstance(written, str) and len(written) <= LONGEST_DIGEST else ""
    return {ITEMS: {_TOTAL: total, _WORK: work, _DIGEST: digest}}


def items_without_programs(spec: Mapping[str, Any], work: ItemWork) -> int:
    """Return for how many items a TaskRun does some work; 0: it does another, or has no items."""
    facts = items_facts(spec).get(ITEMS)
    return int(facts[_TOTAL]) if facts is not None and facts[_WORK] == work else 0


def digest_on_record(spec: Mapping[str, Any]) -> str:
    """Return the hash of a TaskRun's items; empty: nobody knows it."""
    facts = items_facts(spec).get(ITEMS)
    return str(facts[_DIGEST]) if facts is not None else ""


def ends_on_record(spec: Mapping[str, Any]) -> Sequence[datetime]:
    """
    Return when the waits of a TaskRun's items end, from its whole spec.

    Raises:
        ValueError: Somebody else has written it.

    """
    return read(ItemsSpec, spec.get(ITEMS)).waits


def call_on_record(spec: Mapping[str, Any]) -> tuple[ChildRun, Given]:
    """
    Return what the items of a TaskRun call, and the values of each, from its whole spec.

    Raises:
        ValueError: Somebody else has written it.

    """
    call = read(WorkflowCall, spec.get(WORKFLOW))
    return ChildRun(call.name, {each.name: each.value for each in call.params}), _given(spec)


def question_on_record(spec: Mapping[str, Any]) -> tuple[Approval, Given]:
    """
    Return what people are asked for each item of a TaskRun, from its whole spec.

    Raises:
        ValueError: Somebody else has written it.

    """
    return Approval(read(ApprovalRequest, spec.get(APPROVAL))), _given(spec)


def _given(spec: Mapping[str, Any]) -> Given:
    return {each.path: each.values for each in read(ItemsSpec, spec.get(ITEMS)).values}


def items_spec(
    work: Timers | ChildRuns | Approvals,
) -> Json:
    """Return the items of a TaskRun: the ends of their waits, or the values of each."""
    values = tuple(
        ItemValues.model_validate({"path": path, "values": own})
        for path, own in (work.given or {}).items()
    )
    return as_json(
        ItemsSpec(
            total=work.total,
            work=WORKS[type(work)],
            digest=work.digest or None,
            max_parallel=work.max_parallel,
            tolerated_failures=work.tolerated_items,
            waits=tuple(work.ends) if isinstance(work, Timers) else (),
            values=values,
        )
    )
