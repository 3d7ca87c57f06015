"""Workflows that start when others end: the decisions of many turns, with losses between."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from headrace.api.v1alpha1.trigger import RunOutcome
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.workflow.ends import ObservedUpstream, RunEnd, Upstream
from headrace.engine.workflow.following import end_run_name
from headrace.engine.workflow.observed import KnownRun, ObservedWorkflow, WorkflowLog
from headrace.engine.workflow.supervise import supervise
from support.builders import at

FIRST = Upstream("default", "first")
SPEC = WorkflowSpec.model_validate(
    {
        "tasks": [{"name": "a", "image": "busybox"}],
        "triggers": [{"workflow": {"name": "first"}}],
        "history": {"successfulRuns": 0},
    }
)


TURNS = 60
LAST = 55
"""From this turn on, nothing more ends and all news comes."""


@pytest.mark.parametrize("seed", range(40))
def test_each_end_starts_one_run_whatever_is_lost(seed: int) -> None:
    """Crashes between creation and status, news in any order, runs that are deleted at once."""
    dice = random.Random(seed)  # noqa: S311 - a plan, no secret
    now, log = at(0), WorkflowLog()
    ends: list[RunEnd] = []
    shown: set[str] = set()
    runs: dict[str, KnownRun] = {}
    started: Counter[str] = Counter()
    for turn in range(TURNS):
        now += timedelta(seconds=dice.choice((0.01, 1, 30, 700)))
        if dice.random() < 0.6 and turn < LAST:
            ends.append(RunEnd(f"first-{turn}", f"u{turn}", now, RunOutcome.SUCCEEDED, now))
        # News may be a few seconds late, not minutes.
        soon = now - timedelta(seconds=60)
        shown |= {end.uid for end in ends if end.finished < soon or dice.random() < 0.5}
        decision = supervise(
            ObservedWorkflow(
                *("default", "report", "w1", at(-1), 1, SPEC),
                revision="r1",
                runs=tuple(runs.values()),
                upstreams={FIRST: ObservedUpstream(tuple(e for e in ends if e.uid in shown))},
                log=log,
            ),
            now,
        )
        for run in decision.create:  # A second creation of the same name changes nothing.
            started[run.name] += run.name not in runs
            seen = KnownRun(run.name, now, run.logical_time or now, began=True)
            runs.setdefault(run.name, seen)
        if dice.random() < 0.3:  # The process is killed before it writes.
            continue
        log = decision.status or log
        for name in decision.delete_runs:
            del runs[name]
        for name, known in tuple(runs.items()):
            if known.finished is None and dice.random() < 0.5:
                runs[name] = replace(known, finished=now, succeeded=True, reason="Succeeded")
    assert {end_run_name("report", uid): 1 for uid in shown} == dict(started)
    assert shown >= {end.uid for end in ends if end.finished < now - timedelta(seconds=60)}
