"""
Runs that meet what is drawn for them: random trouble, in random order.

Some of it must not change how a run ends (`HARMLESS`); the rest may, and must leave nothing
running.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Self

from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine import ranges
from property.random_plans import CALLS, INNER, Plan
from support.fake_cluster import CrashError, FakeJob, FakeTaskRun, Fault, LostAnswerError
from support.fake_world import StaleError
from support.story import Story

_ENDS = {DesiredState.STOP: 1, DesiredState.CANCEL: 2, DesiredState.TERMINATE: 3}
"""The ways to end a run early: each can only become one that is stronger."""


class Ride:
    """A run that meets what is drawn for it, with the invariants checked after every turn."""

    def __init__(self, plan: Plan, faults: Mapping[int, Fault] | None = None) -> None:
        self.plan = plan
        self.story = Story(plan.definition)
        self.story.stage.add_workflow("inner", INNER)
        self.cluster = self.story.cluster
        self.run = self.story.run
        self.cluster.faults = dict(faults or {})

    @classmethod
    def again(
        cls,
        before: "Ride",
        of: RerunOf | None,
        plan: Plan,
        faults: Mapping[int, Fault] | None = None,
    ) -> Self:
        """Let somebody start a run after one that has ended, perhaps to repeat that one."""
        ride = cls.__new__(cls)
        ride.plan, ride.story, ride.cluster = plan, before.story, before.cluster
        ride.run = ride.story.run = ride.story.another_run(plan.definition, "etl-2", rerun=of)
        made = len(ride.cluster.writes)
        ride.cluster.faults = {made + number: fault for number, fault in (faults or {}).items()}
        return ride

    def turn(self) -> None:
        """Let the controller look once at each run; start it again if it ends."""
        story = self.story
        for run in tuple(self.cluster.runs.values()):
            cut_off = True
            try:
                story.look_again = story.stage.look(run)
                cut_off = False
            except CrashError:
                story.restart()
            except (LostAnswerError, StaleError):
                pass
            story.invariants.check(run, None, cut_off=cut_off)

    def act(self, choice: str, index: int) -> None:
        """Let one thing happen; `index` chooses to whom."""
        ACTIONS[choice](self, index)
        self.turn()

    def to_the_end(self, order: int = 0) -> None:
        """Let the run come to its end without further trouble; programs end one by one."""
        self.cluster.faults.clear()
        self.cluster.refusals.clear()
        self.cluster.slow = False
        self.cluster.tell()
        if self.run.desired is DesiredState.PAUSE:
            self.cluster.steer(self.run, DesiredState.RUN)
        for step in range(1000):
            self.story.tick_all()
            if self.run.log.finished is not None:
                self.cluster.sweep()
                self.story.tick_all()
                return
            self.cluster.sweep()
            if jobs := self.open_jobs():
                self._end(*jobs[(order + step) % len(jobs)])
            else:
                self.story.pass_all(1, 61)
        raise AssertionError(f"the run does not end: {self.run.log}")

    def open_jobs(self) -> list[tuple[str, int, FakeJob]]:
        """Return the Jobs of which something may still end by itself, and of which attempts."""
        return [
            (name, number, job)
            for name, record in sorted(self.run.task_runs.items())
            for number, job in (*record.jobs.items(), *_called_jobs(record))
            if job.sighting.ending is None and not job.sighting.leaving
            if (job.asks is None and job.sighting.items is None) or job.sighting.alive
        ]

    def programs(self) -> list[FakeJob]:
        """Return those of them that run a single program."""
        single = (job for _, _, job in self.open_jobs() if job.asks is None)
        return [job for job in single if job.sighting.items is None]

    def _end(self, name: str, number: int, job: FakeJob) -> None:
        if job.sighting.items is not None:
            index = next(each for each in job.todo if each not in job.sighting.items.ended)
            self.cluster.end_item(job, index, self.plan.item_code(name, index, number))
            return
        code, reason = self.plan.end(name, number)
        if job.asks is not None:
            self.cluster.answer(job, "approve" if reason is None else "reject")
        elif reason is Reason.RUN_FAILED:
            self.cluster.end(job, 1)
        else:
            self.cluster.end(job, code, reason, self.output(name, number))

    def output(self, name: str, number: int) -> str:  # noqa: ARG002 - for others than this one
        """Return what the program of an attempt writes: nothing."""
        return ""

    # --- what can happen ----------------------------------------------------------------------

    def end_one(self, index: int) -> None:
        """Let an attempt end as planned."""
        if jobs := self.open_jobs():
            self._end(*jobs[index % len(jobs)])

    def begin_one(self, index: int) -> None:
        """Let a program run."""
        if jobs := self.programs():
            self.cluster.begin(jobs[index % len(jobs)])

    def stall_one(self, index: int) -> None:
        """Keep a program from running."""
        if jobs := self.programs():
            self.cluster.stall(jobs[index % len(jobs)], Reason.UNSCHEDULABLE, f"node {index}")

    def lose_one(self, index: int) -> None:
        """Take a pod away, which its Job replaces."""
        if jobs := self.programs():
            self.cluster.lose(jobs[index % len(jobs)])

    def wait(self, index: int) -> None:
        """Let time pass."""
        self.cluster.wait(index)

    def wait_long(self, index: int) -> None:
        """Let a lot of time pass, all at once."""
        self.cluster.wait(index * 100)

    def restart(self, _: int) -> None:
        """End the controller and start another."""
        self.story.restart()

    def fault(self, index: int) -> None:
        """Plan a fault for one of the next writes."""
        write = len(self.cluster.writes) + 1 + index % 4
        self.cluster.faults[write] = list(Fault)[index % len(Fault)]

    def slow_down(self, _: int) -> None:
        """Let news of others arrive late, from now on."""
        self.cluster.slow = True

    def hear_all(self, _: int) -> None:
        """Let all news arrive."""
        self.cluster.slow = False
        self.cluster.tell()

    def hear_one(self, index: int) -> None:
        """Let the news of one Job arrive, before or after those of others, or once more."""
        if jobs := self.cluster.jobs():
            job = jobs[index % len(jobs)]
            job.told = job.sighting

    def pause(self, index: int) -> None:
        """Let somebody pause the run, or go on."""
        desired = DesiredState.PAUSE if index % 2 else DesiredState.RUN
        if self.run.desired in (DesiredState.PAUSE, DesiredState.RUN):
            self.cluster.steer(self.run, desired)

    def refuse(self, index: int) -> None:
        """Let the namespace be full for a task, or no longer."""
        name = self.plan.definition.names[index % len(self.plan.definition.names)]
        if self.cluster.refusals.pop(name, None) is None:
            self.cluster.refusals[name] = (Reason.QUOTA_EXCEEDED, f"used {index}")

    def look_twice(self, _: int) -> None:
        """Look without a cause."""
        self.turn()

    # --- and what changes how the run ends ------------------------------------------------------

    def steer(self, index: int) -> None:
        """Let somebody stop or cancel the run."""
        wanted = list(_ENDS)[index % len(_ENDS)]
        if _ENDS.get(self.run.desired, 0) < _ENDS[wanted]:
            self.cluster.steer(self.run, wanted)

    def delete_job(self, index: int) -> None:
        """Delete a Job that is on record: one that is not could be missed by nobody."""
        jobs = [
            job
            for name, number, job in self.open_jobs()
            if self.run.task_runs[name].log.count >= number and not name.startswith(CALLS)
        ]
        if jobs:
            self.cluster.remove_job(jobs[index % len(jobs)])

    def delete_task_run(self, index: int) -> None:
        """Delete a TaskRun that the run remembers."""
        remembered = ranges.read(self.run.log.positions)
        names = [
            name
            for name, record in sorted(self.run.task_runs.items())
            if self.plan.definition.tasks[name].position in remembered and not record.deleted
        ]
        if names:
            self.cluster.delete_task_run(self.run, names[index % len(names)])

    def haunt(self, index: int) -> None:
        """Let a Job whose program ended run another pod."""
        jobs = [
            job
            for job in self.cluster.jobs()
            if job.sighting.ending and not job.removed and job.asks is None
        ]
        if jobs:
            self.cluster.haunt(jobs[index % len(jobs)])

    def linger(self, index: int) -> None:
        """Let what is being removed take its time, or not."""
        self.cluster.lingering = bool(index % 2)

    def sweep(self, _: int) -> None:
        """Finish what is being removed."""
        self.cluster.sweep()


def _called_jobs(record: FakeTaskRun) -> Iterator[tuple[int, FakeJob]]:
    """Yield the Jobs of the runs that a task has called, each with the attempt that called it."""
    for number, run in record.called.items():
        for inner in run.task_runs.values():
            yield from ((number, job) for job in inner.jobs.values())


HARMLESS: dict[str, Callable[[Ride, int], None]] = {
    "end": Ride.end_one,
    "end more": Ride.end_one,
    "begin": Ride.begin_one,
    "stall": Ride.stall_one,
    "lose": Ride.lose_one,
    "wait": Ride.wait,
    "restart": Ride.restart,
    "fault": Ride.fault,
    "slow": Ride.slow_down,
    "hear all": Ride.hear_all,
    "hear one": Ride.hear_one,
    "pause": Ride.pause,
    "refuse": Ride.refuse,
    "look": Ride.look_twice,
}
"""What may happen without a run ending otherwise."""

HARMFUL: dict[str, Callable[[Ride, int], None]] = {
    "wait long": Ride.wait_long,
    "steer": Ride.steer,
    "delete job": Ride.delete_job,
    "delete TaskRun": Ride.delete_task_run,
    "haunt": Ride.haunt,
    "linger": Ride.linger,
    "sweep": Ride.sweep,
}
ACTIONS = HARMLESS | HARMFUL


def rides(actions: Mapping[str, object]) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Draw what happens, and to whom."""
    return st.lists(st.tuples(st.sampled_from(sorted(actions)), st.integers(0, 20)), max_size=40)


FAULTS = st.dictionaries(st.integers(1, 40), st.sampled_from(Fault), max_size=8)
"""Trouble with writes, by their number."""


def calm(plan: Plan, order: int = 0) -> Ride:
    """Return the run that meets no trouble."""
    ride = Ride(plan)
    ride.to_the_end(order)
    return ride


def summary(ride: Ride) -> dict[str, object]:
    """Return all of a run's end that must not depend on what it met on the way."""
    return {
        "told": (ride.run.log.succeeded, ride.run.log.reason, ride.run.log.message),
        "counts": ride.run.log.counts,
        "started": ride.run.log.positions,
        "attention": [replace(each, since=None) for each in ride.run.log.attention],
        "tasks": {
            name: (record.log.outcome, record.log.reason, *_attempts(ride, name))
            for name, record in ride.run.task_runs.items()
        },
        "called": {
            key.name: (run.log.succeeded, run.log.reason, run.log.counts, run.log.outputs)
            for key, run in ride.cluster.runs.items()
            if run is not ride.run
        },
        "jobs": ride.cluster.jobs_made,
    }


def _attempts(ride: Ride, name: str) -> tuple[object, ...]:
    log = ride.run.task_runs[name].log
    ends = tuple((each.number, each.reason, each.memory) for each in log.attempts)
    items = log.items and (str(log.items.succeeded), str(log.items.failed))
    return log.user_failures, log.infrastructure_failures, ends, items
