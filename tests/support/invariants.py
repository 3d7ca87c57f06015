"""
What must hold after every step of every run, whatever happened to it.

The numbers are those of the reliability page. Checked elsewhere: 7 (a tick starts one run) in the
tests of schedules, 9 (no secret is told) in logs, Events and metrics in those of the cluster; here
it is checked in statuses. 4 is checked as "ends, or has a stated reason to wait".
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import RetryAction
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.outcome import LOOKS, Look, Outcome
from headrace.engine.run.observed import Counts, RunKey
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.retry import matching_rule
from headrace.manifests.conditions import Past
from headrace.manifests.run_status import run_status
from headrace.manifests.task_status import task_status
from support import oracle
from support.builders import SECRET
from support.conditions import end_without_task_run
from support.fake_children import goes_on, going_on
from support.fake_cluster import FakeCluster, FakeJob, FakeRun, FakeTaskRun

HELD = frozenset(
    {Reason.PENDING, Reason.PAUSED, Reason.WAITING_FOR_TURN, Reason.WORKFLOW_NOT_FOUND}
)
"""Reasons of a run that waits for somebody."""


TAKEN = frozenset({Reason.TAKEN_OVER, Reason.FROM_CACHE})
"""Reasons of tasks that ran nothing, and have what an earlier run did."""


class Invariants:
    """Remembers how everything was, and compares."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self._outcomes: dict[int, TaskLog] = {}
        self._counts: dict[str, Counts] = {}
        self._ends: dict[str, object] = {}
        self._statuses: dict[str, dict[str, Any]] = {}
        self._jobs: set[tuple[str, str, int]] = set()

    def settled(self, run: FakeRun, look_again: datetime | None) -> None:
        """Check a run of which there is nothing left to do at this moment."""
        self._starts_follow_their_rules(run)
        self._waits_have_a_reason(run, look_again)

    def check(self, run: FakeRun, look_again: datetime | None, *, cut_off: bool = False) -> None:
        """Check a run after a turn, or after one that was cut off at a write."""
        steps = run.log.reason is Reason.TAKING_OVER  # There are only so many tasks to take over.
        assert look_again is None or look_again > self._cluster.now or steps  # else never a rest
        self._one_job_for_each_attempt()
        self._starts_follow_their_rules(run)
        self._ends_never_change(run)
        self._attempts_never_overlap(run)
        if not cut_off:
            self._nothing_runs_on(run)
        self._conditions_tell_the_truth(run)
        self._results_are_those_of_the_run_that_is_named(run)
        for name, record in run.task_runs.items():
            if run.definition is not None and name in run.definition.tasks:
                _retries_stay_within_policy(run.definition.tasks[name], record)
        assert SECRET not in json.dumps(self._statuses)  # 9

    def _one_job_for_each_attempt(self) -> None:
        """1. A task attempt has at most one Job, ever."""
        made = self._cluster.jobs_made
        assert {} == {attempt: count for attempt, count in made.items() if count > 1}
        items = self._cluster.children_made
        assert {} == {item: count for item, count in items.items() if count > 1}

    def _starts_follow_their_rules(self, run: FakeRun) -> None:
        """2. A task starts only when its rule holds on terminal outcomes, which are on record."""
        new = {key for key in self._cluster.jobs_made if key[0] == run.uid} - self._jobs
        self._jobs |= new
        for _, name, number in new:
            assert run.definition is not None
            task = run.definition.tasks[name]
            if number > 1 or name not in run.task_runs:
                continue
            if task.is_finally:
                assert {} == _alive(run, run.definition.graph.order)
                others = [
                    each for each in run.definition.tasks if each in run.definition.graph.order
                ]
                assert [] == [each for each in others if _look(run, each) is None]
            else:
                looks = [_quiet_look(run, upstream) for upstream in task.upstream]
                met = oracle.may_start(task.run_when, looks)
                assert met, (name, task.run_when, looks)

    def _results_are_those_of_the_run_that_is_named(self, run: FakeRun) -> None:
        """2, too: a task from a cache obeys its rule, runs nothing, and has the first outputs."""
        for name, record in run.task_runs.items():
            if record.log.reason is not Reason.FROM_CACHE:
                continue
            assert run.definition is not None
            task, first = run.definition.tasks[name], record.log.taken_over_from
            assert oracle.may_start(
                task.run_when, [_quiet_look(run, upstream) for upstream in task.upstream]
            )
            assert {} == record.jobs
            source = self._cluster.runs.get(RunKey(run.key.namespace, str(first)))
            done = None if source is None else source.task_runs.get(name)
            if done is not None and not done.deleted:
                assert done.log.reason is Reason.SUCCEEDED
                assert done.log.outputs == record.log.outputs

    def _attempts_never_overlap(self, run: FakeRun) -> None:
        """1, too: of the attempts of one task only one runs at a time."""
        for record in run.task_runs.values():
            alive = [job for job in record.jobs.values() if job.sighting.alive and not job.haunted]
            assert len(alive) + len(_going_on(record)) <= 1
            most = record.each.max_parallel if record.each is not None else None
            assert most is None or sum(map(goes_on, record.children.values())) <= most

    def _ends_never_change(self, run: FakeRun) -> None:
        """3. Terminal outcomes never change."""
        for record in run.task_runs.values():
            if record.log.outcome is not None:
                assert self._outcomes.setdefault(id(record), record.log) == record.log
        counts, lost = (
            run.log.counts,
            any(each.deleted for each in run.task_runs.values()) or run.lost,
        )
        before = self._counts.get(run.uid, Counts())
        for outcome in ("succeeded", "failed", "skipped", "omitted", "cancelled"):
            assert lost or getattr(before, outcome) <= getattr(counts, outcome), (before, counts)
        self._counts[run.uid] = counts
        if run.log.finished is not None:
            end = replace(run.log, observed_generation=0)  # that alone may move on
            if run.uid not in self._ends:  # Nothing of it outlives it.
                assert {} == _alive(run, run.definition.tasks if run.definition else ())
            assert self._ends.setdefault(run.uid, end) == end

    def _waits_have_a_reason(self, run: FakeRun, look_again: datetime | None) -> None:
        """4. Every run ends, or waits for a stated reason."""
        if run.log.finished is not None or look_again is not None:
            return
        records = run.task_runs.values()
        if run.alone and all(each.log.outcome is not None for each in records):
            return
        there = (*records, *run.remains.values())
        gone = [run for each in there for run in each.called.values() if run.deleted]
        left = (record for run in gone for record in run.task_runs.values())
        jobs = [job for each in (*there, *left) for job in each.jobs.values()]
        goes_on = any(job.sighting.alive for job in jobs) or any(map(_going_on, there))
        assert goes_on or run.log.reason in HELD

    def _nothing_runs_on(self, run: FakeRun) -> None:
        """5. No pod of an ended or deleted run goes on running after its grace period."""
        for record in run.task_runs.values():
            for number, job in record.jobs.items():
                over = _is_over(run, record, number) and job.sighting.alive
                known = job.told is not None and not self._cluster.slow
                assert not over or job.sighting.leaving or not known

    def _conditions_tell_the_truth(self, run: FakeRun) -> None:
        """8. observedGeneration is of the past; lastTransitionTime moves only on change."""
        for key, status in _statuses(run, self._statuses, self._cluster.now).items():
            assert status["observedGeneration"] <= run.generation
            moves_only_on_change(self._statuses.get(key, {}), status)
            self._statuses[key] = status


def _alive(run: FakeRun, names: Collection[str]) -> dict[str, list[int]]:
    """Return the attempts of these tasks of which something runs."""
    return {
        name: alive
        for records in (run.remains, run.task_runs)
        for name, record in records.items()
        if name in names
        if (
            alive := [
                *(n for n, job in record.jobs.items() if _lives(job)),
                *_going_on(record),
            ]
        )
    }


def _going_on(record: FakeTaskRun) -> list[int]:
    """Return the attempts whose called runs have not ended."""
    runs = record.called.items()
    return [
        *(n for n, run in runs if run.log.finished is None and not run.deleted),
        *going_on(record),
    ]


def _lives(job: FakeJob) -> bool:
    return job.sighting.alive and not job.haunted


def _is_over(run: FakeRun, record: FakeTaskRun, number: int) -> bool:
    """Say whether an attempt has no right to run any more."""
    log = record.log
    if run.log.finished is not None or log.outcome is not None or number < log.count:
        return True
    return number == log.count and log.last is not None and not log.last.open


def moves_only_on_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Check the time of each condition: it is another, and a later one, only for another status."""
    known = {each["type"]: each for each in before.get("conditions", ())}
    for each in after["conditions"]:
        old = known.get(each["type"], each)
        assert each["lastTransitionTime"] >= old["lastTransitionTime"]
        if each["status"] == old["status"]:
            assert each["lastTransitionTime"] == old["lastTransitionTime"]


def _statuses(
    run: FakeRun, before: Mapping[str, Mapping[str, Any]], now: datetime
) -> dict[str, dict[str, Any]]:
    """Return what users can read of a run, after what they could read before."""

    def past(key: str) -> Past:
        return Past.of(before.get(key, {}), run.created, now)

    logs = {f"{run.uid} task {name}": record.log for name, record in run.task_runs.items()}
    statuses = {key: task_status(log, past(key)) for key, log in logs.items() if log.count}
    return {**statuses, run.uid: run_status(run.log, past(run.uid))}


def _look(run: FakeRun, name: str) -> str | None:
    """Say how a task looks to others, by its record, else by what its rule makes of the others."""
    assert run.definition is not None
    record, task = run.task_runs.get(name), run.definition.tasks[name]
    if name in run.lost or (record is not None and record.deleted):
        return oracle.FAILURE
    if record is not None:
        outcome = record.log.outcome
        return None if outcome is None else _words(LOOKS[outcome])
    looks = [_look(run, each) for each in task.upstream]
    if task.is_finally or oracle.may_start(task.run_when, looks):
        ended = end_without_task_run(run, name)
        if ended is not None:
            return _words(LOOKS[ended])
    if oracle.can_ever_start(task.run_when, looks):
        return oracle.FAILURE if None not in looks and _starts_nothing(run) else None
    ended = [each for each in looks if each is not None]
    return oracle.look_of_omitted(task.run_when, ended)


def _quiet_look(run: FakeRun, name: str) -> str | None:
    """Say how a task looks to one that starts: as open while it runs, but for a success."""
    look = _look(run, name)
    return look if look == oracle.SUCCESS or not _alive(run, {name}) else None


def _starts_nothing(run: FakeRun) -> bool:
    """Say whether somebody, the run's time or a failure keeps further tasks from starting."""
    assert run.definition is not None
    tasks = run.definition.tasks
    failed = {
        name
        for name, each in run.task_runs.items()
        if each.log.outcome is Outcome.FAILED or each.deleted
    }
    blamed = [each for each in failed | run.lost if not tasks[each].allow_failure]
    stops = run.definition.on_failure is OnFailure.STOP and blamed
    return bool(stops) or run.desired in _ENDING or run.log.reason in _ENDING_REASONS


_ENDING = frozenset({DesiredState.STOP, DesiredState.CANCEL, DesiredState.TERMINATE})
_ENDING_REASONS = frozenset(
    {Reason.CANCELLED, Reason.STOPPED, Reason.TERMINATED}
    | {Reason.TIMING_OUT, Reason.RUN_TIMEOUT, Reason.FINALLY_TIMEOUT}
)


def _words(look: Look) -> str:
    return oracle.FAILURE if look is Look.CANCELLATION else look.value


def _retries_stay_within_policy(task: TaskDefinition, record: FakeTaskRun) -> None:
    """6. Retries stay within policy; infrastructure failures do not use up user retries."""
    used = {Kind.USER: 0, Kind.INFRASTRUCTURE: 0, Kind.DEFINITION: 0}
    attempts = record.log.attempts
    if record.log.count > len(attempts):
        return  # the oldest are forgotten
    for index, attempt in enumerate(attempts):
        rule = matching_rule(task.retry, attempt)
        more = index + 1 < len(attempts)
        if attempt.reason in KINDS and (rule is None or rule.action is not RetryAction.IGNORE):
            used[KINDS[attempt.reason]] += 1
        assert not (more and rule is not None and rule.action is RetryAction.FAIL)
        assert not more or used[Kind.USER] <= task.retry.limit
        assert not more or used[Kind.INFRASTRUCTURE] <= task.retry.infrastructure_limit
    if record.log.outcome is Outcome.SUCCEEDED and record.log.reason not in TAKEN:
        assert attempts[-1].reason is Reason.SUCCEEDED
