"""
Every field of what a world shows is filled by every world, or it is said here why not.

A field that only a world in memory fills would be a promise that no real world keeps: engines and
scenarios would rest on it. So a new field fails here until each world shows it, and so does an
excuse that has become untrue.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from headrace.engine.backfill.observed import ObservedBackfill
from headrace.engine.run.observed import ObservedRun
from headrace.engine.workflow.observed import ObservedWorkflow
from support import (
    backfill_situations,
    cluster_situations,
    local_situations,
    situations,
    workflow_situations,
)
from support.api_stage import ApiStage
from support.cluster_world import ClusterRig
from support.local_world import LocalRig
from support.memory_stage import MemoryStage
from support.shown_fields import ShownFields, declared
from support.story import Noted, Story
from support.virtual_time import run_virtually

Excuses = Mapping[str, str]

SIZE_UNKNOWN: Final = "a kubelet cuts what a program wrote, and does not say how long it was"
ONE_RUN: Final = "a runner knows its own run, whatever others go on beside it"
NEVER_EDITED: Final = "the spec of a TaskRun never changes, so there is no second generation"
NO_OBJECT: Final = "runs and tasks are no objects that somebody could edit or delete"
NO_NAMES: Final = "a program is a process of the runner: no pod, no node"
NO_QUEUE: Final = "a process starts the moment that it is made, and none takes its place"

NO_LIMIT: Final = "a run in a cluster may have any number of attempts at a time"
LIMIT: Final = dict.fromkeys(("ObservedRun.slots", "Slots.total", "Slots.message"), NO_LIMIT)

NO_POOLS: Final = dict.fromkeys(
    (
        "ObservedRun.room",
        "ObservedRun.priority",
        *(f"Room.{name}" for name in ("claims", "granted", "places", "pools")),
        *(f"Claim.{name}" for name in ("task", "number", "pool", "programs", "each", "rank")),
        *(f"Grant.{name}" for name in ("number", "programs")),
        *(f"PoolView.{name}" for name in ("slots", "used", "waiting", "holders")),
    ),
    "there are no pools on a machine, and one run",
)
NO_ARCHIVE: Final = dict.fromkeys(
    ("ObservedRun.archive", "ObservedRun.archived", "ArchiveTerms.limit"),
    "no archive is beside these runs: tests/scenarios/test_archive.py has one, in the real world",
)
PODS_STAY: Final = "pods stay as long as their Job here, and each pod says how its item ended"
RECEIVED: Final = "the receiver creates the run of a delivery, and no workflow's turn does"
INSIDE: Final = "a run that is part of another one is no other run of its workflow"
IN_MEMORY: Final = {
    **LIMIT,
    **NO_ARCHIVE,
    "SeenItems.succeeded": PODS_STAY,
    "Ending.output_bytes": SIZE_UNKNOWN,
    "ObservedTask.generation": NEVER_EDITED,
    "RunLog.revision": "a run has its definition itself, and no name for it",
}
IN_A_CLUSTER: Final = {
    **LIMIT,
    **NO_ARCHIVE,
    "SeenItems.succeeded": PODS_STAY,
    "Ending.output_bytes": SIZE_UNKNOWN,
    "ObservedTask.generation": NEVER_EDITED,
}
ELSEWHERE: Final = "no run is repeated here: tests/cluster/test_reruns.py does"
IN_A_REAL_CLUSTER: Final = {
    **IN_A_CLUSTER,
    **dict.fromkeys(
        (
            "ObservedRun.rerun",
            "ObservedRun.source",
            "RunLog.inheritance",
            "Inheritance.given",
            "Inheritance.logical_time",
            "Inheritance.interval",
            "Inheritance.taken_over",
            "Inheritance.continued",
            "TaskLog.taken_over_from",
            "Inheritance.source_uid",
            "ItemsLog.taken_over",
        ),
        ELSEWHERE,
    ),
    **dict.fromkeys(
        (
            "ObservedRun.cache",
            "ObservedTask.cache_hash",
            "TaskLog.done",
            "Evaluated.cache",
            *(f"Lookup.{name}" for name in ("entry", "results")),
            *(f"CacheEntry.{name}" for name in ("key", "hash")),
            *(f"CachedResult.{name}" for name in ("run", "done", "outputs")),
        ),
        "no task has a cache here: tests/cluster/test_cache.py has some",
    ),
    **dict.fromkeys(
        ("ObservedRun.passed", "RunLog.outputs"),
        "called runs only begin here: tests/cluster/test_called_runs.py steers and ends them",
    ),
    "FailureCount.infrastructure": "no item loses its pod here; in test_news.py some do",
    "Sighting.crowded_since": "no policy puts containers into pods here",
    **{
        name: "the tasks of this run need no pool; tests/cluster/test_pools.py has some that do"
        for name in NO_POOLS
        if name not in {"ObservedRun.room", "ObservedRun.priority"}
    },
}
PERHAPS: Final = frozenset({"Answered.by"})
"""Who answered is believed where a policy guards it: tests beside this one may install one."""
ON_THIS_MACHINE: Final = {
    **NO_POOLS,
    **NO_ARCHIVE,
    "ObservedRun.interval": "nobody can give one on the command line",
    "ObservedRun.refusal": "a definition is checked before there is a run of it",
    "ObservedRun.hindrance": "a run is made with its definition, and keeps it",
    "RunLog.revision": "a run has its definition itself, and no name for it",
    "Sighting.unclosed": "whoever is asked at a terminal has seen how a question ended",
    "Inheritance.interval": "nobody can give one on the command line",
    "RunKey.kind": "a task on its own runs as a workflow of one task",
    **dict.fromkeys(
        (
            "ObservedRun.siblings",
            "SiblingRun.name",
            "SiblingRun.created",
            "SiblingRun.logical_time",
            "SiblingRun.began",
            "SiblingRun.cancelling",
            "SiblingRun.inside",
        ),
        ONE_RUN,
    ),
    **dict.fromkeys(
        (
            "ObservedRun.generation",
            "ObservedRun.deleted",
            "ObservedRun.departing",
            "ObservedTask.generation",
        ),
        NO_OBJECT,
    ),
    **dict.fromkeys(
        (
            "Where.instance",
            "Where.place",
        ),
        NO_NAMES,
    ),
    **dict.fromkeys(
        (
            "Sighting.scheduled",
            "Sighting.waiting_since",
            "Sighting.crowded_since",
            "Sighting.lost",
            "Sighting.instance_created",
            "Attempt.scheduled",
            "Attempt.replaced",
        ),
        NO_QUEUE,
    ),
    "SeenItems.succeeded": "each program's end is in a file, and nobody removes the file",
    "Denied.items": "nobody refuses the run or the question of an item here",
}


def check(root: type, shown: ShownFields, excuses: Excuses) -> None:
    """Compare what was shown with what there is to show."""
    assert sorted(declared(root) - shown) == sorted(excuses)


@pytest.mark.parametrize(
    ("make", "excuses"),
    [
        pytest.param(MemoryStage, IN_MEMORY, id="memory"),
        pytest.param(ApiStage, IN_A_CLUSTER, id="cluster-world"),
    ],
)
def test_stories_fill_each_field_of_a_run(
    make: type[MemoryStage | ApiStage], excuses: Excuses
) -> None:
    """The world in memory shows what `ClusterWorld` shows, and nothing else."""
    shown = ShownFields()
    for situation in situations.SITUATIONS:
        stage = make()
        situation(partial(Story, stage=Noted(stage, shown.note)))
        stage.close()
    check(ObservedRun, shown, excuses)


async def test_a_run_on_this_machine_fills_each_field(tmp_path: Path) -> None:
    """Real processes, which begin and end as they are told."""
    shown = ShownFields()
    for situation in local_situations.SITUATIONS:
        folder = tmp_path / situation.__name__
        folder.mkdir()
        await situation(partial(LocalRig, folder), shown.note)
    check(ObservedRun, shown, ON_THIS_MACHINE)


def test_a_workflow_fills_each_field() -> None:
    """Only a cluster has workflows as subjects; there is no other world of them."""
    shown = ShownFields()
    for situation in workflow_situations.SITUATIONS:
        run_virtually(situation(shown.note))
    check(ObservedWorkflow, shown, {"NewRun.delivery": RECEIVED})


def test_a_backfill_fills_each_field() -> None:
    """Only a cluster has backfills as subjects, too."""
    shown = ShownFields()
    for situation in backfill_situations.SITUATIONS:
        run_virtually(situation(shown.note))
    check(ObservedBackfill, shown, {"SiblingRun.inside": INSIDE})


@pytest.mark.cluster
async def test_a_run_in_a_real_cluster_fills_each_field(request: pytest.FixtureRequest) -> None:
    """Real pods: what no pod ever says is no field."""
    shown = ShownFields()
    for situation in cluster_situations.SITUATIONS:
        rig = ClusterRig(request.getfixturevalue("stage"))
        rig.note = shown.note
        await situation(rig)
        await rig.close()
    check(ObservedRun, ShownFields(shown | PERHAPS), IN_A_REAL_CLUSTER)
