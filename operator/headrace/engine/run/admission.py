"""
The admission of a run: whether it may begin, must wait, or can never run.

Knows the run as a whole: its definition, parameters and siblings. Knows no task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Concurrency
from headrace.engine.course import ENDING, Course, Mode
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.params import InvalidParamsError, resolve
from headrace.engine.run.inheritance import inherited
from headrace.engine.run.observed import ObservedRun
from headrace.engine.run.rerun_check import source_problem, task_problem
from headrace.engine.siblings import SiblingRun, limit_of, turn_words

ASK_AGAIN = timedelta(seconds=10)
"""How long until the next look at a run that waits for somebody's change."""


PATIENCE = timedelta(seconds=60)
"""How long a run waits for a workflow that does not exist: both may be applied at once."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The run can never run."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """The run does not go on now."""

    reason: Reason
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """The run's tasks may start."""


@dataclass(frozen=True, slots=True)
class WaitTurn:
    """Other runs come first."""

    reason: Reason
    message: str


def may_begin(
    concurrency: Concurrency, run: SiblingRun, active: Sequence[SiblingRun]
) -> Begin | WaitTurn:
    """
    Decide whether a run that was created may start its tasks, whoever created it.

    Runs begin in the order of their creation. Under Forbid and Replace too, a run that somebody
    created by hand waits for its turn; under Replace, `superseded` cancels all runs except the
    newest.

    Args:
        concurrency: The current policy of the workflow, not the policy at the creation of the run:
            until it begins, a run follows its workflow.
        run: The run.
        active: All runs of the workflow that have not ended. This run may be among them, perhaps in
            an older state: no run waits for itself.

    """
    limit = limit_of(concurrency)
    others = [other for other in active if other.name != run.name and not other.inside]
    ahead = [other for other in others if other.began or other.place < run.place]
    if run.began or run.inside or limit is None or len(ahead) < limit:
        return Begin()
    return WaitTurn(Reason.WAITING_FOR_TURN, turn_words(limit, ahead))


def admit(run: ObservedRun, course: Course, now: datetime) -> Definition | Refused | Held:
    """Return the definition of a run that may go on, or the reason against it."""
    if run.refusal is not None:
        return Refused(*run.refusal)
    if run.rerun is not None and run.log.inheritance is None:
        problem = source_problem(run, run.rerun)
        if problem is not None:
            return Refused(*problem)
    if run.definition is None:
        return _without_definition(run, now)
    return run.definition if run.begun else _enter(run, run.definition, course)


def _enter(run: ObservedRun, definition: Definition, course: Course) -> Definition | Refused | Held:
    """Return the definition of a run that may begin, or the reason against it."""
    try:
        resolve(definition.params, inherited(run).given)
    except InvalidParamsError as error:
        return Refused(Reason.INVALID_PARAMS, str(error))
    if run.rerun is not None:
        problem = task_problem(run, run.rerun, definition)
        if problem is not None:
            return Refused(*problem)
    return _hold(run, definition, course) or definition


def is_next(run: ObservedRun) -> bool:
    """Return whether a waiting run sees no other run before it."""
    if run.definition is None or run.log.begun:
        return False
    concurrency = run.definition.concurrency
    if limit_of(concurrency) is None:
        return False
    return isinstance(may_begin(concurrency, _waiting(run), run.siblings), Begin)


def _waiting(run: ObservedRun) -> SiblingRun:
    """Return a run that has not begun as those beside it see it."""
    place = run.logical_time or run.created
    inside = run.workflow in run.callers
    return SiblingRun(
        run.key.name, run.created, place, began=False, cancelling=False, inside=inside
    )


def _without_definition(run: ObservedRun, now: datetime) -> Refused | Held:
    """Wait for what somebody has to make; a workflow that does not come is a mistake."""
    reason, message = run.hindrance or (Reason.PENDING, "")
    if reason is Reason.WORKFLOW_NOT_FOUND and now - run.created >= PATIENCE:
        return Refused(reason, message)
    return Held(reason, message, until=now + ASK_AGAIN)


def _hold(run: ObservedRun, definition: Definition, course: Course) -> Refused | Held | None:
    """Return why a run does not begin yet, or never will."""
    if course.mode in ENDING:
        return Refused(course.reason, f"{course.message} before the run began")
    if course.mode is Mode.PAUSE:
        return Held(Reason.PAUSED, course.message)
    match may_begin(definition.concurrency, _waiting(run), run.siblings):
        case WaitTurn(reason, message):
            return Held(reason, message)
        case _:
            return None
