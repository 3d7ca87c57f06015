"""
Whether a run may begin, or can never run.

Knows the run as a whole: its definition, parameters and siblings. Knows no task.
"""

from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.concurrency import SiblingRun, Wait, may_begin
from headrace.engine.params import InvalidParamsError, resolve
from headrace.engine.run import ObservedRun
from headrace.engine.steering import Mode, course


@dataclass(frozen=True, slots=True)
class Refused:
    """The run can never run."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """The run waits before its first task."""

    reason: Reason
    message: str
    until: datetime | None = None


def admit(run: ObservedRun, now: datetime) -> Refused | Held | None:
    """Say why a run does not begin; None lets it."""
    if run.refusal is not None:
        return Refused(*run.refusal)
    if run.definition is None:
        return Held(*(run.hindrance or (Reason.PENDING, "")))
    try:
        resolve(run.definition.params, run.given)
    except InvalidParamsError as error:
        return Refused(Reason.INVALID_PARAMS, str(error))
    if run.log.started is not None:
        return None
    return _hold(run, now)


def _hold(run: ObservedRun, now: datetime) -> Refused | Held | None:
    steered = course(run, now)
    if steered.mode in (Mode.STOP, Mode.CANCEL):
        return Refused(steered.reason, f"{steered.message} before the run began")
    if steered.mode is Mode.PAUSE:
        return Held(Reason.PAUSED, steered.message)
    assert run.definition is not None  # noqa: S101 - `admit` has looked
    me = SiblingRun(
        run.key.name, run.created, run.logical_time or run.created, began=False, cancelling=False
    )
    match may_begin(run.definition.concurrency, me, run.siblings):
        case Wait(reason, message):
            return Held(reason, message)
        case _:
            return None
