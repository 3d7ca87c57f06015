"""
The work of a task in the spec of its TaskRun, written when the task starts. It never changes.

Knows the fields of each kind of work. Knows no API server.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from headrace.api.checks.instants import read_time
from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.call import ParamPassed, WorkflowCall
from headrace.api.v1alpha1.items import ItemsSpec
from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.ways import CACHE_KEY, MESSAGE, PARAM
from headrace.engine.definition.work import (
    Approval,
    Approvals,
    ChildRun,
    ChildRuns,
    Container,
    FanOut,
    Timer,
    Timers,
    Work,
)
from headrace.engine.task.actions import StartAttempt, TakeOver
from headrace.engine.task.cached import CacheEntry
from headrace.engine.text import rfc3339
from headrace.manifests.each_spec import APPROVAL, ITEMS, WORKFLOW, items_facts, items_spec
from headrace.manifests.item_maps import config_maps
from headrace.manifests.json_form import Json, as_given, as_json, name_of

WAIT_UNTIL: Final = name_of(TaskRunSpec, "wait_until")
CACHE_HASH: Final = name_of(TaskRunSpec, "cache_hash")
_CACHE_KEY: Final = name_of(TaskRunSpec, "cache_key")
_MESSAGE: Final = name_of(ApprovalRequest, "message")


def work_spec(start: StartAttempt[Work]) -> Json:
    """Return the fields of a TaskRun's spec that say what the task does."""
    match start.work:
        case Timers(ends=ends) as work:
            return {**_spec(start, Timer(until=max(ends))), ITEMS: items_spec(work)}
        case ChildRuns(of) | Approvals(of) as work:
            return {**_spec(start, of), ITEMS: items_spec(work)}
        case work:
            return {**_spec(start, work), **_cached(start.cache)}


def taken_over_spec(action: TakeOver) -> Json:
    """Return the fields of a TaskRun's spec if its task is taken over: what would have run."""
    if action.attempt is not None:
        return work_spec(action.attempt)
    return {CACHE_HASH: action.cache_hash} if action.cache_hash else {}


def cache_hash_of(spec: Mapping[str, Any]) -> str:
    """Return by what later runs find the result of a TaskRun; empty: they cannot."""
    written = spec.get(CACHE_HASH)
    return written if isinstance(written, str) else ""


def _cached(entry: CacheEntry | None) -> Json:
    return {} if entry is None else {CACHE_HASH: entry.hash, _CACHE_KEY: entry.key}


def _spec(
    start: StartAttempt[Work], work: Container | FanOut | Timer | ChildRun | Approval
) -> Json:
    match work:
        case Container(body):
            return _program(body)
        case FanOut() as fan_out:
            return {**_program(fan_out.body), ITEMS: _items(start)}
        case Timer(until=until):
            assert until is not None  # noqa: S101 - the work of an attempt is resolved
            return {WAIT_UNTIL: rfc3339(until)}
        case ChildRun(name, values):
            params = tuple(ParamPassed(name=key, value=each) for key, each in values.items())
            return {WORKFLOW: as_given(WorkflowCall(name=name, params=params))}
        case Approval(asked):
            return {APPROVAL: as_given(asked)}


def wait_until(spec: Mapping[str, Any]) -> datetime | None:
    """Return when a wait ends; None: it is no wait, or somebody else wrote it and it has no end."""
    written = spec.get(WAIT_UNTIL)
    try:
        return read_time(written) if isinstance(written, str) else None
    except ValueError:
        return None


def runs_programs(spec: Mapping[str, Any]) -> bool:
    """Return whether a TaskRun may have pods, as far as its spec is known."""
    return wait_until(spec) is None and not items_facts(spec)


def recorded_values(spec: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Value]:
    """Return the values that expressions gave, from the spec of a TaskRun, by path in the task."""
    params = (spec.get(WORKFLOW) or {}).get("params") or ()
    known = {PARAM.format(index): param.get("value") for index, param in enumerate(params)}
    asked = spec.get(APPROVAL)
    if asked is not None:
        known[MESSAGE] = asked[_MESSAGE]
    if _CACHE_KEY in spec:
        known[CACHE_KEY] = spec[_CACHE_KEY]
    return {path: known[path] for path in paths if path in known}


def _program(body: TaskBody) -> Json:
    return body.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _items(start: StartAttempt[Any]) -> Json:
    work: FanOut = start.work
    return as_json(
        ItemsSpec(
            total=work.total,
            config_maps=config_maps(start),
            max_parallel=work.max_parallel,
            tolerated_failures=work.tolerated_items,
        )
    )
