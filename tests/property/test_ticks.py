"""Random months of a scheduled workflow, some of whose statuses get lost."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.workflow.observed import KnownRun, NewRun, ObservedWorkflow
from headrace.engine.workflow.supervise import supervise
from property.test_runs import UNHURRIED

BORN = datetime(2030, 1, 1, tzinfo=UTC)
HISTORIES = [{"successfulRuns": 0}, {"ttlSecondsAfterFinished": 0}, {"successfulRuns": 2}]
SCHEDULES: list[dict[str, Any]] = [{"cron": "*/10 * * * *"}, {"everySeconds": 700}]
POLICIES = [{"policy": each} for each in ("Allow", "Forbid", "Replace", "Queue")]


def spec(**fields: Any) -> WorkflowSpec:
    """Return the spec of a workflow of one task."""
    task = {"name": "only", "image": "busybox", "command": ["true"]}
    return WorkflowSpec.model_validate({"tasks": [task], **fields})


@dataclass
class Months:
    """A workflow, its runs, and whatever happens to its status."""

    fields: dict[str, Any]
    now: datetime = BORN
    made: Counter[str] = field(default_factory=Counter)
    unrecorded: dict[str, NewRun] = field(default_factory=dict)
    suspended: bool = False

    def __post_init__(self) -> None:
        self.workflow = ObservedWorkflow(
            *("default", "w", "u", BORN, 1),
            spec(**self.fields),
            revision="w-r1",
            revisions=("w-r1",),
        )

    def look(self, *, lost: bool) -> None:
        """Take a turn; its status is written, or lost: then nothing is deleted either."""
        given = spec(**self.fields, suspend=self.suspended)
        seen = replace(self.workflow, spec=given, made=tuple(self.unrecorded.values()))
        decision = supervise(seen, self.now)
        runs = {run.name: run for run in seen.runs}
        for new in decision.create:
            if new.name not in runs:
                self.made[new.name] += 1
                runs[new.name] = KnownRun(
                    new.name, self.now, new.logical_time or self.now, revision="w-r1"
                )
            self.unrecorded[new.name] = new
        log = seen.log
        if not lost:
            log = decision.status or log
            self.unrecorded.clear()
            runs = {name: run for name, run in runs.items() if name not in decision.delete_runs}
        self.workflow = replace(self.workflow, runs=tuple(runs.values()), log=log)

    def end_runs(self) -> None:
        """Let all runs end well."""
        ended = (
            replace(run, began=True, finished=run.finished or self.now, succeeded=True)
            for run in self.workflow.runs
        )
        self.workflow = replace(self.workflow, runs=tuple(ended))

    def act(self, what: str, seconds: int) -> None:
        """Let one thing happen."""
        match what:
            case "time passes" | "the clock jumps back":
                sign = 1 if what == "time passes" else -1
                self.now += sign * timedelta(seconds=seconds)
            case "runs end":
                self.end_runs()
            case "the controller crashes":
                self.unrecorded.clear()
            case "somebody deletes all runs":
                if set(self.unrecorded) >= {run.name for run in self.workflow.runs}:
                    self.workflow = replace(self.workflow, runs=())
            case "suspend or resume":
                self.suspended = not self.suspended


ACTS = st.sampled_from(
    ["time passes"] * 4
    + ["the clock jumps back", "runs end", "runs end", "the controller crashes"]
    + ["somebody deletes all runs", "suspend or resume"]
)


@UNHURRIED
@given(
    st.sampled_from(HISTORIES),
    st.sampled_from(SCHEDULES),
    st.sampled_from(["None", "Latest", "All"]),
    st.sampled_from(POLICIES),
    st.lists(st.tuples(ACTS, st.integers(1, 3000), st.booleans()), max_size=40),
)
def test_no_tick_starts_two_runs(
    history: dict[str, Any],
    schedule: dict[str, Any],
    catch_up: str,
    concurrency: dict[str, Any],
    acts: list[tuple[str, int, bool]],
) -> None:
    """Whatever gets lost between the run of a tick and the record of it."""
    triggers = [{"schedule": {**schedule, "catchUp": catch_up}}]
    months = Months({"history": history, "triggers": triggers, "concurrency": concurrency})
    for what, seconds, lost in acts:
        months.act(what, seconds)
        months.look(lost=lost)
    assert not {name: count for name, count in months.made.items() if count > 1}
