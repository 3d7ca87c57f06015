"""
The run that a delivery to a webhook starts: its name and its parameters.

Knows the workflow's parameters and the values of the webhook's expressions. Does not know who sent
the delivery, or other runs: a delivery is somebody's request, and its run waits its turn.
"""

from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from headrace.api.v1alpha1.params import Param, ParamGiven
from headrace.api.v1alpha1.run import TriggerKind
from headrace.api.v1alpha1.webhook import Delivery
from headrace.engine.definition.expressions.types import Failure, Value
from headrace.engine.definition.params import InvalidParamsError, resolve
from headrace.engine.definition.task_expressions import words
from headrace.engine.definition.webhooks import WHEN
from headrace.engine.workflow.observed import KnownRun, NewRun

TO_REPEAT: Final = timedelta(minutes=11)
"""How long the run of a delivery is kept at least: its name keeps the same delivery from starting
another one. A delivery of Standard Webhooks counts for 10 minutes: 5 before its time, 5 after."""


@dataclass(frozen=True, slots=True)
class NotWanted:
    """`when` is false: the delivery starts nothing."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """The delivery gives no run of the workflow."""

    problems: tuple[str, ...]
    """Each names the field, `when` or `params.NAME`, and what is wrong with its value."""


def delivered(
    workflow: str,
    uid: str,
    delivery: str,
    params: Sequence[Param],
    values: Mapping[str, Value | Failure],
) -> NewRun | NotWanted | Unusable:
    """
    Return the run that a delivery starts.

    Args:
        workflow: The workflow's name.
        uid: The workflow's uid.
        delivery: The id of the delivery.
        params: The parameters that the workflow accepts.
        values: What the expressions of the webhook gave, by `when` and `params.NAME`.

    """
    failed = {name: value for name, value in values.items() if isinstance(value, Failure)}
    if failed:
        return Unusable(tuple(f"{name}: {words(each)}" for name, each in failed.items()))
    if values.get(WHEN, True) is not True:
        return NotWanted()
    given = {name.removeprefix("params."): each for name, each in values.items() if name != WHEN}
    found = _fitting(params, given)
    if isinstance(found, Unusable):
        return found
    return NewRun(
        name=delivery_run_name(workflow, uid, delivery),
        trigger=TriggerKind.WEBHOOK,
        params=found,
        delivery=Delivery(id=delivery),
    )


def delivery_run_name(workflow: str, uid: str, delivery: str, place: int = 0) -> str:
    """
    Return the name of the run that a delivery starts.

    The name is the lock. The part after the last dash is no number, so it is no tick's run.

    Args:
        workflow: The workflow's name.
        uid: The workflow's uid: a new workflow of that name knows no old deliveries.
        delivery: The id of the delivery; it has no white space.
        place: How many names are taken by runs of other deliveries: as good as always 0.

    """
    content = " ".join((uid, delivery, *([str(place)] if place else [])))
    digest = b32encode(sha256(content.encode()).digest()).decode().lower()
    return f"{workflow}-w{digest[:9]}"


def known_until(run: KnownRun) -> datetime:
    """Return until when a run stays because the delivery that started it may be repeated."""
    return run.created + TO_REPEAT if run.delivered else run.created


def _fitting(
    params: Sequence[Param], given: Mapping[str, Any]
) -> tuple[ParamGiven, ...] | Unusable:
    """Return the values as parameters of a run, or what is wrong with them."""
    made: list[ParamGiven] = []
    problems: list[str] = []
    for name, value in given.items():
        try:
            made.append(ParamGiven(name=name, value=value))
        except ValueError:  # null, a fraction, a list, a mapping, or text that is too long
            problems.append(f"params.{name}: {_unfit(value)}")
    if not problems:
        try:
            resolve(params, {each.name: each.value for each in made})
        except InvalidParamsError as error:
            problems += (f"params: {problem}" for problem in error.problems)
    return Unusable(tuple(problems)) if problems else tuple(made)


def _unfit(value: Any) -> str:
    if isinstance(value, str):
        return f"has {len(value):,} characters, and that is too many"
    return "must be text, a whole number, or true or false"
