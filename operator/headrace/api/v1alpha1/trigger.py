"""The `triggers` and `concurrency` of a workflow: when runs start, and how many at a time."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from headrace.api.checks.cron_text import read_cron
from headrace.api.checks.unique import Unique
from headrace.api.checks.zone_name import zone_problem
from headrace.api.v1alpha1.base import MAX_SECONDS, ApiType, NamespaceName, ObjectName, ParamName
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.webhook import WebhookTrigger

CronText = Annotated[str, StringConstraints(min_length=1, max_length=256)]
ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class CatchUp(ApiEnum):
    """What happens to ticks that passed while no run could start."""

    NONE = "None"
    """They start no run. Only a tick that is on time starts one."""

    LATEST = "Latest"
    """The newest tick starts a run."""

    ALL = "All"
    """Each of the newest maxCatchUp ticks starts a run, oldest first."""


class Schedule(ApiType):
    """When runs start by the clock."""

    cron: CronText | None = None
    """cron is five fields: minute, hour, day of month, month, day of week; or @hourly, @daily,
    @weekly, @monthly, @yearly. A field can have lists, ranges, steps and names (mon, jan). L is the
    last day of the month, 5#2 the second and L5 the last Friday. If both day fields are restricted,
    one of them is enough. If the minute or hour field starts with *, the schedule follows elapsed
    time. Any other schedule is local time and fires once each local day, also when the clocks
    change."""

    every_seconds: int | None = Field(default=None, ge=60, le=MAX_SECONDS)
    """everySeconds starts a run at each multiple of this many seconds since 1970-01-01 UTC."""

    time_zone: ZoneName = "UTC"
    """timeZone is the IANA name of cron's time zone: UTC or a place, like Europe/Berlin.
    Abbreviations that follow no daylight saving (EST, MST, HST) are refused."""

    catch_up: CatchUp = CatchUp.LATEST
    """catchUp says which ticks that passed during downtime or suspension start a run. None: only a
    tick that is on time (within startingDeadlineSeconds, or 60 seconds). Latest: the newest one.
    All: the newest maxCatchUp ticks, oldest first."""

    max_catch_up: int = Field(default=100, ge=1, le=1000)
    """maxCatchUp is the most runs that catchUp All starts: those of the newest ticks."""

    starting_deadline_seconds: int | None = Field(default=None, ge=10, le=MAX_SECONDS)
    """startingDeadlineSeconds is how late a run may start. An older tick is missed, whatever
    catchUp says. By default, no tick is too old."""

    @field_validator("cron")
    @classmethod
    def _cron_can_be_read(cls, text: str | None) -> str | None:
        if text is not None:
            read_cron(text)
        return text

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        message = zone_problem(name)
        if message is not None:
            raise ValueError(f"timeZone: {message}")
        return name

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.cron is None and self.every_seconds is None:
            raise ValueError("a schedule needs one of cron and everySeconds: say when it fires")
        if self.cron is not None and self.every_seconds is not None:
            raise ValueError("a schedule has cron or everySeconds, not both: remove one")
        if self.every_seconds is not None and self.time_zone != "UTC":
            raise ValueError(
                "timeZone has no meaning with everySeconds, which counts seconds of UTC: remove"
                " it, or use cron"
            )
        return self


class OnApply(ApiType):
    """A run each time the spec changes, and one when the workflow is created."""


class RunOutcome(ApiEnum):
    """How a run ended, for the workflows that follow."""

    SUCCEEDED = "Succeeded"
    """No task failed, or each failed task has allowFailure."""

    FAILED = "Failed"
    """A task failed, a time limit was over, or the run could not go on."""

    CANCELLED = "Cancelled"
    """Somebody stopped, cancelled or terminated the run."""


class ParamFrom(ApiType):
    """A parameter that gets an output of the ended run."""

    name: ParamName
    """name is the parameter of this workflow."""

    output: ParamName
    """output is the name of an output of the ended run. A number with a fraction, a list or an
    object arrives as JSON text. Without such an output, the parameter has its default."""


class WorkflowTrigger(ApiType):
    """A run when a run of another workflow ends."""

    name: ObjectName
    """name is the other workflow. Any run of it counts, also a run that a task called."""

    namespace: NamespaceName | None = None
    """namespace is the other workflow's namespace; that workflow must list this one's namespace in
    exportTo. Default: the same namespace."""

    outcomes: Annotated[tuple[RunOutcome, ...], Unique()] = Field(
        default=(RunOutcome.SUCCEEDED,), min_length=1, max_length=3
    )
    """outcomes are the ends that start a run: Succeeded, Failed, Cancelled."""

    params_from: Annotated[tuple[ParamFrom, ...], Unique("name")] = Field(
        default=(), max_length=100
    )
    """paramsFrom gives outputs of the ended run to parameters of the new one. Its logicalTime and
    interval are always those of the ended run."""


class Trigger(ApiType):
    """One cause of runs."""

    schedule: Schedule | None = None
    """schedule starts runs by the clock."""

    on_apply: OnApply | None = None
    """onApply starts a run when the workflow is created and when its spec changes. Write
    `onApply: {}`."""

    workflow: WorkflowTrigger | None = None
    """workflow starts a run each time a run of another workflow ends: one for each end."""

    webhook: WebhookTrigger | None = None
    """webhook starts a run for each delivery over HTTP that is signed with a shared secret."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        causes = (self.schedule, self.on_apply, self.workflow, self.webhook)
        given = sum(cause is not None for cause in causes)
        if given == 0:
            raise ValueError("a trigger needs one of schedule, onApply, workflow and webhook")
        if given > 1:
            raise ValueError(
                "a trigger has one of schedule, onApply, workflow and webhook, not several: make a"
                " trigger of each"
            )
        return self


class ConcurrencyPolicy(ApiEnum):
    """What happens when a run is due while another of the workflow is active."""

    ALLOW = "Allow"
    """The new run begins too, up to maxRuns at a time."""

    FORBID = "Forbid"
    """The tick is skipped, and recorded as missed. A run that somebody creates waits its turn."""

    REPLACE = "Replace"
    """The active runs are cancelled; the new one begins when they have ended."""

    QUEUE = "Queue"
    """The new run waits its turn: maxRuns at a time, 1 by default."""


class Concurrency(ApiType):
    """How many runs of a workflow are active at a time."""

    policy: ConcurrencyPolicy = ConcurrencyPolicy.ALLOW
    """policy is what happens when a run is due while another is active: Allow it, Forbid it
    (the tick is skipped), Replace the active one (it is cancelled), or Queue it."""

    max_runs: int | None = Field(default=None, ge=1, le=1000)
    """maxRuns is how many runs are active at a time; the others wait. Only for Allow (default: no
    limit) and Queue (default: 1)."""

    @model_validator(mode="after")
    def _has_a_limit_only_where_it_counts(self) -> Self:
        if self.max_runs is None:
            return self
        if self.policy in {ConcurrencyPolicy.FORBID, ConcurrencyPolicy.REPLACE}:
            raise ValueError(
                f"maxRuns has no meaning with policy {self.policy}, where one run is active:"
                " remove it, or use policy Queue"
            )
        return self
