"""The `triggers` and `concurrency` of a workflow: what starts runs, and how many at a time."""

import re
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from headrace.api.checks.cron_text import read_cron
from headrace.api.v1alpha1.base import MAX_SECONDS, ApiEnum, ApiType

CronText = Annotated[str, StringConstraints(min_length=1, max_length=256)]
ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64)]

OFFSET = re.compile(r"(UTC|GMT|Z)?\s*[+-]\s*\d.*", re.IGNORECASE)
ABBREVIATION = re.compile(r"[A-Z]{2,5}")


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """
    Return the names of all time zones.

    They are those of the package `tzdata`, not those of the machine, so that the controller and
    a laptop accept the same names, letter case included.
    """
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def close_zone(name: str) -> str | None:
    """Return the known zone that looks most like a name, if any does."""
    by_lower = {zone.lower(): zone for zone in sorted(known_zones())}
    by_city = {lower.rpartition("/")[2]: zone for lower, zone in by_lower.items()}
    wanted = name.lower().replace(" ", "_")
    for choices in (by_lower, by_city):
        found = get_close_matches(wanted, choices, n=1, cutoff=0.8)
        if found:
            return choices[found[0]]
    return None


class CatchUp(ApiEnum):
    """What becomes of ticks that passed while nobody could start them."""

    NONE = "None"
    """Nothing: only a tick that is on time starts a run."""

    LATEST = "Latest"
    """The newest one starts a run."""

    ALL = "All"
    """Each starts a run, oldest first, at most maxCatchUp of them: the newest."""


class Schedule(ApiType):
    """When runs start by the clock."""

    cron: CronText | None = None
    """cron is five fields: minute, hour, day of month, month, day of week; or @hourly, @daily,
    @weekly, @monthly, @yearly. Lists, ranges, steps, names (mon, jan), L for the last day of the
    month, 5#2 for the second and L5 for the last Friday. If both day fields are restricted, one
    of them is enough. When the minute or hour field starts with *, the schedule follows elapsed
    time; else it is local time and fires once each local day, also when the clocks change."""

    every_seconds: int | None = Field(default=None, ge=60, le=MAX_SECONDS)
    """everySeconds starts a run at each multiple of this many seconds since 1970-01-01 UTC."""

    time_zone: ZoneName = "UTC"
    """timeZone is the IANA name of the zone that cron is read in, like Europe/Berlin."""

    catch_up: CatchUp = CatchUp.LATEST
    """catchUp says what becomes of ticks that passed during downtime or suspension: None starts
    only a tick that is on time (within startingDeadlineSeconds, or 60 seconds), Latest the newest
    one, All up to maxCatchUp, oldest first."""

    max_catch_up: int = Field(default=100, ge=1, le=1000)
    """maxCatchUp is how many ticks catchUp All starts at most. Of more, the newest are taken."""

    starting_deadline_seconds: int | None = Field(default=None, ge=10, le=MAX_SECONDS)
    """startingDeadlineSeconds is how late a run may start. A tick older than that is missed,
    whatever catchUp says. Without it, no tick is too old."""

    @field_validator("cron")
    @classmethod
    def _cron_can_be_read(cls, text: str | None) -> str | None:
        if text is not None:
            read_cron(text)
        return text

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        if name == "UTC" or name in known_zones():
            return name
        if OFFSET.fullmatch(name):
            raise ValueError(
                f'timeZone: "{name}" is an offset, which cannot follow daylight saving;'
                " name a place, like Europe/Berlin"
            )
        if ABBREVIATION.fullmatch(name):
            raise ValueError(
                f'timeZone: "{name}" is not a zone, and abbreviations mean several places or half'
                " of the year; name a place, like Europe/Berlin"
            )
        near = close_zone(name)
        hint = f'did you mean "{near}"?' if near else "use an IANA name like Europe/Berlin"
        raise ValueError(f'timeZone: there is no zone "{name}"; {hint}')

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.cron is None and self.every_seconds is None:
            raise ValueError("a schedule needs one of cron and everySeconds: say when it fires")
        if self.cron is not None and self.every_seconds is not None:
            raise ValueError("a schedule has cron or everySeconds, not both: take one out")
        if self.every_seconds is not None and self.time_zone != "UTC":
            raise ValueError(
                "timeZone has no meaning with everySeconds, which counts seconds of UTC:"
                " take it out, or use cron"
            )
        return self


class OnApply(ApiType):
    """A run each time the spec changes, and one when the workflow is created."""


class Trigger(ApiType):
    """One thing that starts runs."""

    schedule: Schedule | None = None
    """schedule starts runs by the clock."""

    on_apply: OnApply | None = None
    """onApply starts a run when the workflow is created and when its spec changes. Write
    `onApply: {}`."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = (self.schedule is not None) + (self.on_apply is not None)
        if given == 0:
            raise ValueError("a trigger needs one of schedule and onApply")
        if given > 1:
            raise ValueError("a trigger has schedule or onApply: make two triggers of it")
        return self


class ConcurrencyPolicy(ApiEnum):
    """What happens when a run is due while another of the workflow is active."""

    ALLOW = "Allow"
    """It begins too, up to maxRuns at a time."""

    FORBID = "Forbid"
    """The tick is skipped, and recorded as missed. A run made by hand waits its turn."""

    REPLACE = "Replace"
    """The active runs are cancelled; the new one begins when they have ended."""

    QUEUE = "Queue"
    """It waits its turn: maxRuns at a time, 1 by default."""


class Concurrency(ApiType):
    """How many runs of a workflow are active at a time."""

    policy: ConcurrencyPolicy = ConcurrencyPolicy.ALLOW
    """policy is what happens when a run is due while another is active: Allow it, Forbid it
    (the tick is skipped), Replace the active one (it is cancelled), or Queue it."""

    max_runs: int | None = Field(default=None, ge=1, le=1000)
    """maxRuns is how many runs are active at a time; the others wait. Only with Allow (no limit
    if left out) and Queue (1 if left out)."""

    @model_validator(mode="after")
    def _has_a_limit_only_where_it_counts(self) -> Self:
        if self.max_runs is None:
            return self
        if self.policy in {ConcurrencyPolicy.FORBID, ConcurrencyPolicy.REPLACE}:
            raise ValueError(
                f"maxRuns has no meaning with policy {self.policy}, where one run is active:"
                " take it out, or use policy Queue"
            )
        return self
