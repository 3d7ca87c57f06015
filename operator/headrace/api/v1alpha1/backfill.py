"""The Backfill: runs of a workflow for a stretch of the past, one for each logical time."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from headrace.api.checks.unique import Unique
from headrace.api.checks.zone_name import zone_problem
from headrace.api.v1alpha1.backfill_words import Existing, Step, TickOrder
from headrace.api.v1alpha1.base import (
    MAX_PRIORITY,
    MAX_SECONDS,
    ApiType,
    Instant,
    ObjectName,
    RunName,
    Time,
)
from headrace.api.v1alpha1.conditions import Condition
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.params import ParamGiven
from headrace.api.v1alpha1.trigger import CronText, ZoneName

BEHIND = -10
"""The priority of runs that need not hurry."""
SHOWN_NAMES = 100
"""How many names a dry run lists."""

Ranges = Annotated[str, StringConstraints(max_length=65_536)]


class BackfillState(ApiEnum):
    """What somebody wants the backfill to do."""

    RUN = "Run"
    """Go on."""

    PAUSE = "Pause"
    """Create no new run; the active ones go on."""

    STOP = "Stop"
    """Create no new run, and end when the active ones have ended."""

    CANCEL = "Cancel"
    """Create no new run, and cancel the active ones."""


FINAL_STATES = frozenset({BackfillState.STOP, BackfillState.CANCEL})
"""The states that end a backfill."""


class AfterFailure(ApiEnum):
    """What a run that did not succeed means for the rest of the backfill."""

    CONTINUE = "Continue"
    """The backfill goes on."""

    STOP = "Stop"
    """No new run is created; the active ones go on."""


class BackfillSpec(ApiType):
    """Which runs to create. Only desiredState, maxActive, onFailure and dryRun can be changed."""

    workflow: ObjectName
    """workflow is the name of the Workflow, in the same namespace."""

    from_: Time = Field(alias="from")
    """from is the first instant whose logical time counts."""

    to: Time
    """to is the last instant whose logical time counts. A logical time in the future waits until it
    has come."""

    step: Step = Step.SCHEDULE
    """step says which instants are logical times. Schedule: the ticks of the workflow's schedules,
    as they are when the backfill begins. Seconds: one each stepSeconds, beginning at `from`. Day,
    Month: one each day or month, at the local time of `from` in timeZone. At most 10,000."""

    step_seconds: int | None = Field(default=None, ge=60, le=MAX_SECONDS)
    """stepSeconds is the distance of two logical times. Only with step Seconds, which needs it."""

    time_zone: ZoneName = "UTC"
    """timeZone is the IANA name of the zone of step Day and Month."""

    order: TickOrder = TickOrder.OLDEST_FIRST
    """order says which logical times come first: OldestFirst or NewestFirst."""

    max_active: int = Field(default=1, ge=1, le=1000)
    """maxActive is how many runs of the backfill are active at a time. The workflow's concurrency
    counts too: where it allows one run at a time, no more are active, and a backfill lets runs of
    others go first."""

    existing: Existing = Existing.SKIP
    """existing says what happens at a logical time that has a run already, whoever created it.
    Skip: nothing. RerunFailed: a rerun of what failed, if no run of this logical time succeeded.
    RerunAll: a rerun of all tasks. Neither repeats a run that goes on. A run counts if it has the
    name of the logical time, or is a rerun of such a run."""

    params: Annotated[tuple[ParamGiven, ...], Unique("name")] = Field(default=(), max_length=100)
    """params are values of the workflow's parameters, for each run."""

    priority: int = Field(default=BEHIND, ge=-MAX_PRIORITY, le=MAX_PRIORITY)
    """priority is the priority of each run, for slots of pools. By default, tasks of other runs
    come first."""

    desired_state: BackfillState = BackfillState.RUN
    """desiredState steers the backfill: Run, Pause, Stop or Cancel. Stop can only become Cancel,
    and Cancel is final."""

    dry_run: bool = False
    """dryRun counts the logical times and lists the first runs in status.names, and creates none.
    Set it to false to begin."""

    on_failure: AfterFailure = AfterFailure.CONTINUE
    """onFailure says whether the backfill goes on after a run that did not succeed."""

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        message = zone_problem(name)
        if message is not None:
            raise ValueError(f"timeZone: {message}")
        return name

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.from_ > self.to:
            raise ValueError("a backfill's from is not after its to: swap them")
        return self

    @model_validator(mode="after")
    def _has_a_step(self) -> Self:
        if self.step is Step.SECONDS and self.step_seconds is None:
            raise ValueError("step Seconds needs stepSeconds: say how many")
        if self.step is not Step.SECONDS and self.step_seconds is not None:
            raise ValueError("stepSeconds has no meaning without step Seconds: remove one of them")
        if self.step not in {Step.DAY, Step.MONTH} and self.time_zone != "UTC":
            raise ValueError(
                "timeZone has no meaning without step Day or Month: remove it. The workflow's"
                " schedules have time zones of their own"
            )
        return self


class BackfillSchedule(ApiType):
    """A schedule whose ticks are the logical times of a backfill."""

    cron: CronText | None = None
    """cron is the schedule's cron, if it has one."""

    every_seconds: int | None = Field(default=None, ge=60, le=MAX_SECONDS)
    """everySeconds is the schedule's interval, if it has one."""

    time_zone: ZoneName = "UTC"
    """timeZone is the zone of cron."""


class BackfillTicks(ApiType):
    """Logical times by their state, as ranges of positions; 0 is the oldest one: "0-41,43"."""

    started: Ranges = ""
    """started are those with a run that the backfill has created."""

    succeeded: Ranges = ""
    """succeeded are those whose run succeeded."""

    failed: Ranges = ""
    """failed are those whose run ended in another way, or was deleted before its end."""

    skipped: Ranges = ""
    """skipped are those that had a run of somebody else which is not repeated."""


class BackfillStatus(ApiType):
    """How far the backfill is."""

    conditions: Annotated[tuple[Condition, ...], Unique("type", checked=False)] = Field(
        default=(), max_length=16
    )
    """conditions are Succeeded, Ready, Reconciling and Stalled."""

    observed_generation: int = Field(default=0, ge=0)
    """observedGeneration is the generation of the spec that the status describes."""

    schedules: tuple[BackfillSchedule, ...] | None = Field(default=None, max_length=20)
    """schedules are those of the workflow when the backfill began, with step Schedule. Later
    changes of the workflow do not change the logical times."""

    start_time: Instant | None = None
    """startTime is when the backfill began."""

    completion_time: Instant | None = None
    """completionTime is when the backfill ended."""

    duration: Annotated[str, StringConstraints(max_length=32)] | None = None
    """duration is the time from start to end, for people; set when the backfill ended."""

    total: int = Field(default=0, ge=0)
    """total is how many logical times there are."""

    done: int = Field(default=0, ge=0)
    """done is how many runs succeeded."""

    failed: int = Field(default=0, ge=0)
    """failed is how many runs did not succeed, or were deleted before their end."""

    active: int = Field(default=0, ge=0)
    """active is how many runs were created and have not ended."""

    skipped: int = Field(default=0, ge=0)
    """skipped is how many logical times had a run of somebody else which is not repeated."""

    progress: Annotated[str, StringConstraints(max_length=32)] = ""
    """progress is ended or skipped logical times / all logical times."""

    next: Instant | None = None
    """next is the logical time whose run is created next."""

    ticks: BackfillTicks = BackfillTicks()
    """ticks are the logical times by their state."""

    names: tuple[RunName, ...] = Field(default=(), max_length=SHOWN_NAMES)
    """names are the first runs that the backfill would create, at most 100. Only with dryRun."""
