"""
Runs that call runs, through random trouble: each is made once, and all of them end.

`HEADRACE_EXAMPLES` draws so many new ones, as in `test_runs`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.run import DesiredState
from property.random_runs import FAULTS
from property.test_runs import ASKED, UNHURRIED
from support.builders import calls, last, output, retries, task, workflow
from support.fake_cluster import CrashError, FakeJob, Fault, LostAnswerError
from support.fake_world import StaleError
from support.story import Story

RETRIES: Final = retries(2, seconds=0)
OUTER: Final = workflow(
    task("first"),
    calls("call", "first", of="mid", retry=RETRIES),
    calls("twin", of="inner"),
    task("after", "call", when="tasks.call.outputs.n > 0"),
    last("tidy", workflow=calls("x", of="inner").workflow),
)
MID: Final = workflow(
    calls("deep", of="inner", retry=RETRIES), outputs=(output("n", "tasks.deep.outputs.n + 1"),)
)
INNER: Final = workflow(task("a"), task("b", "a"), last("z"), outputs=(output("n", "1"),))
STRENGTH: Final = {
    state: n for n, state in enumerate(DesiredState) if state is not DesiredState.PAUSE
}


class Ride:
    """Three runs deep, with the invariants checked after every turn."""

    def __init__(self, faults: Mapping[int, Fault]) -> None:
        self.story = Story(OUTER)
        self.cluster = self.story.cluster
        self.story.stage.add_workflow("mid", MID)
        self.story.stage.add_workflow("inner", INNER)
        self.cluster.faults = dict(faults)

    def turn(self, index: int) -> None:
        """Let the controller look at one run; start it again if it ends."""
        runs = list(self.cluster.runs.values())
        run, cut_off = runs[index % len(runs)], True
        try:
            self.story.stage.look(run)
            cut_off = False
        except CrashError:
            self.story.restart()
        except (LostAnswerError, StaleError):
            pass
        self.story.invariants.check(run, None, cut_off=cut_off)

    def jobs(self) -> list[FakeJob]:
        """Return the Jobs of which something may still end by itself."""
        return [
            job
            for job in self.cluster.jobs()
            if job.sighting.ending is None and not job.sighting.leaving
        ]

    def end(self, index: int) -> None:
        """Let a program end well, or now and then badly."""
        if jobs := self.jobs():
            self.cluster.end(jobs[index % len(jobs)], 1 if index % 7 == 6 else 0)

    def steer(self, index: int) -> None:
        """Let somebody steer a run, most often the outermost."""
        runs = list(self.cluster.runs.values())
        run = runs[0] if index % 3 else runs[index % len(runs)]
        wanted = list(DesiredState)[index % len(DesiredState)]
        mild = {DesiredState.RUN, DesiredState.PAUSE}
        both_mild = {run.desired, wanted} <= mild
        if both_mild or STRENGTH.get(wanted, 0) > STRENGTH.get(run.desired, 0):
            self.cluster.steer(run, wanted)

    def wait(self, index: int) -> None:
        """Let time pass."""
        self.cluster.wait(index)

    def restart(self, _: int) -> None:
        """End the controller and start another."""
        self.story.restart()

    def to_the_end(self) -> None:
        """Let all runs come to their ends without further trouble."""
        self.cluster.faults.clear()
        self.cluster.tell()
        for step in range(400):
            for run in tuple(self.cluster.runs.values()):
                if run.desired is DesiredState.PAUSE:
                    self.cluster.steer(run, DesiredState.RUN)
                self.story.tick(run)
            if all(run.log.finished is not None for run in self.cluster.runs.values()):
                return
            if step % 2 and self.jobs():
                self.cluster.end(self.jobs()[0])
            else:
                self.cluster.wait(2)
        ends = {run.key.name: run.log for run in self.cluster.runs.values()}
        raise AssertionError(f"they do not end: {ends}")


ACTIONS: Final[dict[str, Callable[[Ride, int], None]]] = {
    "end": Ride.end,
    "end more": Ride.end,
    "look": Ride.turn,
    "look at another": Ride.turn,
    "restart": Ride.restart,
    "steer": Ride.steer,
    "wait": Ride.wait,
}


@settings(UNHURRIED, max_examples=int(ASKED or "30"))
@given(
    FAULTS, st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(0, 20)), max_size=60)
)
def test_each_run_is_made_once_and_all_end(
    faults: dict[int, Fault], actions: list[tuple[str, int]]
) -> None:
    """However often a controller ends between two writes, and whoever steers which run."""
    ride = Ride(faults)
    for choice, index in actions:
        ACTIONS[choice](ride, index)
        ride.turn(index)
        ride.turn(index + 1)
    ride.to_the_end()
    made = ride.cluster.jobs_made
    assert {} == {attempt: count for attempt, count in made.items() if count > 1}
    assert not [job for job in ride.cluster.jobs() if job.sighting.alive]
    for run in ride.cluster.runs.values():
        there = [record for record in run.task_runs.values() if not record.deleted]
        assert all(record.log.outcome is not None for record in there), run.key
