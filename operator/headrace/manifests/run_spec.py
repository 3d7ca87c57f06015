"""
The spec of a WorkflowRun: written whole, and a few fields read without parsing it.

Whoever looks at all runs of a workflow reads these, and an odd value in one run must not harm the
others. The API types name the fields.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from headrace.api.checks.instants import read_time, read_time_or, to_the_second
from headrace.api.v1alpha1.base import MAX_PRIORITY
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.params import ParamGiven
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import CANCELLING, DesiredState, Interval, RunSpec, TriggerKind
from headrace.api.v1alpha1.webhook import Delivery
from headrace.engine.definition.work import ChildRun
from headrace.engine.task.actions import RunContext
from headrace.engine.workflow.observed import NewRun
from headrace.manifests.json_form import Json, as_given, name_of

_WORKFLOW: Final = name_of(RunSpec, "workflow")
_PARAMS: Final = name_of(RunSpec, "params")
_LOGICAL_TIME: Final = name_of(RunSpec, "logical_time")
_DESIRED_STATE: Final = name_of(RunSpec, "desired_state")
_CALLER_STATE: Final = name_of(RunSpec, "caller_state")
_TRIGGER: Final = name_of(RunSpec, "trigger")
_DELIVERY: Final = name_of(RunSpec, "delivery")
_ID: Final = name_of(Delivery, "id")

_RERUN_OF: Final = name_of(RunSpec, "rerun_of")
_NAME: Final = name_of(RerunOf, "name")

READ_OFTEN: Final = (_WORKFLOW, _LOGICAL_TIME, _DESIRED_STATE, _CALLER_STATE, _TRIGGER)
"""The fields that this module reads."""

LONGEST_NAME: Final = 253
"""The most characters of an object's name."""

CANCEL: Final = {_DESIRED_STATE: DesiredState.CANCEL.value}
"""The change that cancels a run."""


def run_spec(workflow: str, run: NewRun) -> Json:
    """Return the spec of a new run, with its instants as Kubernetes keeps them."""
    spec = RunSpec(
        workflow=workflow,
        trigger=run.trigger,
        logical_time=None if run.logical_time is None else to_the_second(run.logical_time),
        interval=None if run.interval is None else _to_the_second(run.interval),
        params=run.params,
        triggered_by=run.triggered_by,
        delivery=run.delivery,
    )
    given = as_given(spec)
    return given if run.params else {name: given[name] for name in given if name != _PARAMS}


def called_run_spec(work: ChildRun, context: RunContext, priority: int) -> Json:
    """
    Return the spec of a run that a task calls: it stands for the instant of the calling run.

    Args:
        work: The workflow and its parameters.
        context: The calling run.
        priority: The priority of the task.

    """
    return as_given(
        RunSpec(
            workflow=work.workflow,
            params=tuple(ParamGiven(name=name, value=each) for name, each in work.params.items()),
            logical_time=read_time(context.logical_time),
            interval=None if context.interval is None else _to_the_second(context.interval),
            trigger=TriggerKind.CALL,
            priority=max(-MAX_PRIORITY, min(priority, MAX_PRIORITY)),
            caller_state=DesiredState.RUN,
            rerun_of=None if work.rerun_of is None else RerunOf(name=work.rerun_of),
            cache=None if context.cache is CacheMode.USE else context.cache,
        )
    )


def passes(desired: DesiredState) -> Json:
    """Return the change that passes a state on to a called run."""
    return {_CALLER_STATE: desired.value}


def passed_of(spec: Mapping[str, Any]) -> DesiredState:
    """Return the state that was passed on to a called run."""
    try:
        return DesiredState(spec.get(_CALLER_STATE, DesiredState.RUN))
    except ValueError:
        return DesiredState.RUN


def workflow_of(spec: Mapping[str, Any]) -> str | None:
    """Return the name of a run's workflow; None: there is none that could be one."""
    workflow = spec.get(_WORKFLOW)
    return workflow if isinstance(workflow, str) else None


def rerun_head(spec: Mapping[str, Any]) -> Json:
    """Return the part of a spec that names the run which a run repeats, if there is one."""
    earlier = source_of(spec)
    return {} if earlier is None else {_RERUN_OF: {_NAME: earlier}}


def source_of(spec: Mapping[str, Any]) -> str | None:
    """Return the name of the run that a run repeats; None: there is none that could be one."""
    written = spec.get(_RERUN_OF)
    name = written.get(_NAME) if isinstance(written, Mapping) else None
    return name if isinstance(name, str) and len(name) <= LONGEST_NAME else None


def is_delivered(spec: Mapping[str, Any]) -> bool:
    """Return whether a delivery to a webhook started a run."""
    return spec.get(_TRIGGER) == TriggerKind.WEBHOOK.value


def delivery_of(spec: Mapping[str, Any]) -> str | None:
    """Return the id of the delivery that started a run; None: there is none that could be one."""
    written = spec.get(_DELIVERY)
    delivery = written.get(_ID) if isinstance(written, Mapping) else None
    return delivery if isinstance(delivery, str) else None


def logical_time_of(spec: Mapping[str, Any], created: datetime) -> datetime:
    """Return the instant that a run stands for: when it was created, if it names none."""
    return read_time_or(spec.get(_LOGICAL_TIME), created)


def is_cancelling(spec: Mapping[str, Any]) -> bool:
    """Return whether somebody ends the running tasks of a run."""
    wanted = (spec.get(field) for field in (_DESIRED_STATE, _CALLER_STATE))
    return any(isinstance(state, str) and state in CANCELLING for state in wanted)


def _to_the_second(interval: Interval) -> Interval:
    return Interval(start=to_the_second(interval.start), end=to_the_second(interval.end))
