"""
The options of `headrace backfill`, and the fields of a Backfill that they mean.

Knows options. Creates nothing.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any, Final, TypeVar

import click

from headrace.api.checks.instants import write_time
from headrace.cli import given
from headrace.cli.input import InputError
from headrace.cli.window.exits import WindowError

F = TypeVar("F", bound=Callable[..., Any])

_STEPS: Final = {"schedule": "Schedule", "day": "Day", "month": "Month"}
_ORDERS: Final = {"oldest-first": "OldestFirst", "newest-first": "NewestFirst"}
_EXISTING: Final = {"skip": "Skip", "rerun-failed": "RerunFailed", "rerun-all": "RerunAll"}
_ON_FAILURE: Final = {"continue": "Continue", "stop": "Stop"}
_DEFAULTS: Final = {
    "order": "OldestFirst",
    "maxActive": 1,
    "existing": "Skip",
    "onFailure": "Continue",
}


class _StepType(click.ParamType):  # type: ignore[type-arg] # not generic in each version
    """A step by its name, or a number of seconds."""

    name = "step"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        """Return the fields of the spec."""
        if isinstance(value, dict):
            return value
        if str(value).isdecimal():
            return {"step": "Seconds", "stepSeconds": int(value)}
        if value not in _STEPS:
            names = ", ".join(_STEPS)
            self.fail(f"{value!r} is none of {names}, nor a number of seconds", param, ctx)
        return {} if value == "schedule" else {"step": _STEPS[value]}


_OPTIONS: Final = (
    click.option("--from", "begin", metavar="TIME", required=True, help="The first instant."),
    click.option("--to", "end", metavar="TIME", required=True, help="The last instant."),
    click.option(
        "--step",
        type=_StepType(),
        metavar="schedule|day|month|SECONDS",
        default="schedule",
        show_default=True,
        help="The logical times: the ticks of the workflow's schedules, or one each day, month or"
        " so many seconds from the first instant.",
    ),
    click.option(
        "--time-zone",
        metavar="ZONE",
        help="The zone of days and months: Europe/Berlin. Default: UTC.",
    ),
    click.option(
        "--order",
        type=click.Choice(list(_ORDERS)),
        default="oldest-first",
        show_default=True,
        help="Which logical times come first.",
    ),
    click.option(
        "--max-active",
        type=click.IntRange(1, 1000),
        default=1,
        show_default=True,
        help="How many runs are active at a time.",
    ),
    click.option(
        "--existing",
        type=click.Choice(list(_EXISTING)),
        default="skip",
        show_default=True,
        help="What happens at a logical time that has a run already.",
    ),
    click.option(
        "--on-failure",
        type=click.Choice(list(_ON_FAILURE)),
        default="continue",
        show_default=True,
        help="What a failed run means for those that have not started.",
    ),
    click.option(
        "--param", "params", metavar="NAME=VALUE", multiple=True, help="A parameter's value."
    ),
    click.option(
        "--priority", type=int, help="The priority of the runs, on a cluster. Default: -10."
    ),
    click.option(
        "--name",
        "called",
        metavar="NAME",
        help="On a cluster: the name of the Backfill. Default: made of the workflow and the days."
        " On this machine: which workflow, if FILE has several.",
    ),
    click.option("--dry-run", is_flag=True, help="Show the runs that would be created, and stop."),
)


def backfill_options(command: F) -> F:
    """Add the options of a backfill, in this order."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def span(begin: str, end: str) -> dict[str, Any]:
    """Return the two ends."""
    try:
        first, last = given.instant(begin, "--from"), given.instant(end, "--to")
    except InputError as error:
        raise WindowError(str(error)) from error
    assert first is not None and last is not None  # noqa: S101, PT018 - both are required
    if first > last:
        raise WindowError("--from: it is not after --to; swap them")
    return {"from": write_time(first), "to": write_time(last)}


def fields(  # noqa: PLR0913 - one for each option
    *,
    step: dict[str, Any],
    time_zone: str | None,
    order: str,
    max_active: int,
    existing: str,
    on_failure: str,
    priority: int | None,
) -> dict[str, Any]:
    """Return the fields of the spec that differ from their defaults."""
    if time_zone is not None and step.get("step") not in {"Day", "Month"}:
        raise WindowError(
            "--time-zone: has no meaning without --step day or month; leave it out. Schedules have"
            " zones of their own"
        )
    wanted = {
        **step,
        "timeZone": time_zone,
        "order": _ORDERS[order],
        "maxActive": max_active,
        "existing": _EXISTING[existing],
        "onFailure": _ON_FAILURE[on_failure],
        "priority": priority,
    }
    return {
        key: value
        for key, value in wanted.items()
        if value is not None and value != _DEFAULTS.get(key)
    }
