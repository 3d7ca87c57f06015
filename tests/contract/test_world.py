"""
What every `World` must keep, whatever it is made of: `headrace.loop.runs.World`.

The engine relies on this and on nothing else. The world in memory may be trusted as far as this
goes. A further world joins with a line in `KINDS` (see `support.world_contract`).
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Question,
    Scope,
    Template,
    Wants,
)
from headrace.engine.definition.ways import CACHE_KEY
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, Mark, RunKey, RunLog, Watched
from headrace.engine.task.actions import EndAttempt, Evaluate, RunContext, TakeOver
from headrace.engine.task.cache import entry_of
from headrace.engine.task.cached import CachedResult, CacheQuestion
from headrace.engine.task.observed import (
    Attempt,
    Ending,
    Evaluated,
    One,
    Sighting,
    Stage,
    TaskLog,
)
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from headrace.manifests.where import where
from support import cluster_world, local_world
from support.builders import asking, pause, retries, spec, task
from support.world_contract import Kind, Rig, make_fake


async def make_local(request: pytest.FixtureRequest, workflow: WorkflowSpec) -> Rig:
    """Return a rig of processes on this machine."""
    return local_world.LocalRig(request.getfixturevalue("tmp_path"), workflow)


async def make_cluster(request: pytest.FixtureRequest, workflow: WorkflowSpec) -> Rig:
    """Return a rig of real pods."""
    rig = cluster_world.ClusterRig(request.getfixturevalue("stage"))
    await rig.begin(workflow)
    return rig


KINDS = {
    "memory": Kind(make_fake),
    "local": Kind(make_local, local_world.fields()),
    "cluster": Kind(make_cluster, cluster_world.fields()),
}

MORNING = datetime(2030, 1, 1, 9, 30, 0, 123_456, tzinfo=UTC)
FAILED_ONCE = TaskLog(
    attempts=(
        Attempt(
            1,
            where=where("a-1"),
            created=MORNING,
            finished=MORNING,
            progress=One(3),
            reason=Reason.NON_ZERO_EXIT,
            message="ended with exit code 3",
        ),
    ),
    count=1,
    user_failures=1,
    reason=Reason.WAITING_FOR_RETRY,
    message="again soon",
    started=MORNING,
    next_attempt=MORNING,
    observed_generation=1,
)


WORLDS = ["memory", "local", pytest.param("cluster", marks=pytest.mark.cluster)]


@pytest.fixture(params=WORLDS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Return a run of three tasks: b waits for a, c for nobody; a may be tried twice more."""
    kind = KINDS[request.param]
    tasks = (
        task("a", retry=retries(2, seconds=0), **kind.fields),
        task("b", "a", **kind.fields),
        task("c", env=(EnvVar(name="X", value="${{ run.name }}"),), **kind.fields),
    )
    made = await kind.make(request, spec(*tasks))
    yield made
    await made.close()


@pytest.fixture(params=WORLDS)
async def waits(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Return a run of two waits: one of an hour, and one that is over when it begins."""
    past = pause("past", until="run.logicalTime")
    made = await KINDS[request.param].make(request, spec(pause("hour", seconds=3600), past))
    yield made
    await made.close()


async def started(
    rig: Rig,
    *tasks: str,
    number: int = 1,
    memory: str | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Ask for an attempt of each task."""
    run = await rig.observed()
    assert run.definition is not None
    context = RunContext(
        rig.key.namespace, rig.key.name, run.uid, run.workflow, "2030-01-01T00:00:00Z"
    )
    tables = run.definition.tasks
    await rig.world.apply(
        rig.key,
        [
            start_attempt(tables[name], Start(number, memory, env or {}), context, run.created)
            for name in tasks
        ],
    )


async def shown(rig: Rig, name: str) -> Sighting:
    """Return what the world shows of a task's newest attempt."""
    sighting = (await rig.observed()).tasks[name].sighting
    assert sighting is not None
    return sighting


# --- reading ----------------------------------------------------------------------------------


async def test_a_run_that_is_not_there_is_not_shown(rig: Rig) -> None:
    """It may have been deleted meanwhile; that is no error."""
    assert await rig.world.observe(RunKey(rig.key.namespace, "nobody")) is None


async def test_a_new_run_has_a_definition_and_nothing_else(rig: Rig) -> None:
    """No task has started, and nothing is on record."""
    run = await rig.observed()
    assert run.definition is not None
    assert ("a", "b", "c") == run.definition.names
    assert {} == run.tasks
    assert (None, None) == (run.log.started, run.log.finished)


async def test_looking_changes_nothing(rig: Rig) -> None:
    """Two observations with nothing in between are the same."""
    await started(rig, "a")
    first, second = await rig.observed(), await rig.observed()
    assert first.tasks.keys() == second.tasks.keys()
    assert first.tasks["a"].log == second.tasks["a"].log


# --- starting ---------------------------------------------------------------------------------


async def test_what_was_started_is_shown_at_once(rig: Rig) -> None:
    """Else the engine would start it again. The others are not there."""
    await started(rig, "a")
    sighting = await shown(rig, "a")
    assert 1 == sighting.number
    assert sighting.stage in (Stage.STARTING, Stage.RUNNING)
    assert sighting.alive
    assert not sighting.leaving
    assert sighting.created is not None
    assert {"a"} == (await rig.observed()).tasks.keys()


async def test_a_start_that_is_asked_for_again_is_the_same_attempt(rig: Rig) -> None:
    """In the same process and in the next one."""
    await started(rig, "a")
    first = await shown(rig, "a")
    await started(rig, "a")
    assert first.created == (await shown(rig, "a")).created
    rig.restart()
    await started(rig, "a")
    again = await shown(rig, "a")
    assert (first.number, first.where.unit, first.created) == (
        *(again.number, again.where.unit, again.created),
    )


async def test_several_are_started_together(rig: Rig) -> None:
    """One call may ask for many things."""
    await started(rig, "a", "c")
    assert {"a", "c"} == (await rig.observed()).tasks.keys()


async def test_the_memory_of_an_attempt_is_remembered(rig: Rig) -> None:
    """The next one grows from it, also if the process ends in between."""
    await started(rig, "a", memory="768Mi")
    rig.restart()
    assert "768Mi" == (await shown(rig, "a")).memory


async def test_a_next_attempt_is_another_one(rig: Rig) -> None:
    """It is the newest, and of the one before nothing lingers."""
    await started(rig, "a")
    rig.end("a", 3)
    await rig.until_ended("a")
    await rig.world.log(rig.key, {"a": FAILED_ONCE})
    await started(rig, "a", number=2)
    assert 2 == (await shown(rig, "a")).number
    assert frozenset() == (await rig.observed()).tasks["a"].lingering


# --- ending -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "output"), [(0, '{"rows": 3}'), (0, ""), (3, "")])
async def test_the_end_of_a_program_is_shown(rig: Rig, code: int, output: str) -> None:
    """With its exit code and what it wrote, and it stays so however often one looks."""
    await started(rig, "a")
    rig.end("a", code, output=output)
    await rig.until_ended("a")
    for _ in range(2):
        sighting = await shown(rig, "a")
        assert Stage.ENDED == sighting.stage
        assert sighting.ending is not None
        assert (code, None) == (sighting.ending.progress.exit_code, sighting.ending.reason)
        assert output == sighting.ending.output.strip() or code


async def test_an_end_that_nobody_saw_is_shown_later(rig: Rig) -> None:
    """A program may end while there is no process to see it."""
    await started(rig, "a")
    rig.end("a", 3)
    await rig.until_ended("a")
    rig.restart()
    sighting = await shown(rig, "a")
    assert sighting.ending is not None
    assert 3 == sighting.ending.progress.exit_code


async def test_an_attempt_is_ended_when_that_is_asked_for(rig: Rig) -> None:
    """However often; afterwards nothing of it runs."""
    await started(rig, "a", "c")
    for _ in range(2):
        await rig.world.apply(rig.key, [EndAttempt("a", 1)])
    await rig.until_ended("a")
    assert (await shown(rig, "c")).alive


async def test_what_never_was_can_be_ended(rig: Rig) -> None:
    """The engine may ask for the end of what is gone already."""
    await started(rig, "a")
    await rig.world.apply(rig.key, [EndAttempt("a", 7), EndAttempt("b", 1)])
    assert (await shown(rig, "a")).alive


# --- records ----------------------------------------------------------------------------------


async def test_the_log_of_a_task_survives(rig: Rig) -> None:
    """Once `log` has returned it is read back the same, in this process and the next."""
    await started(rig, "a", "c")
    other = replace(FAILED_ONCE, outcome=Outcome.FAILED, finished=MORNING, next_attempt=None)
    await rig.world.log(rig.key, {"a": FAILED_ONCE, "c": other})
    for _ in range(2):
        tasks = (await rig.observed()).tasks
        assert FAILED_ONCE == tasks["a"].log
        assert other == tasks["c"].log
        rig.restart()


async def test_the_status_of_a_run_survives(rig: Rig) -> None:
    """It is read back the same; only the revision is the world's own to say."""
    status = RunLog(
        reason=Reason.RUNNING,
        message="a: Unschedulable",
        started=MORNING,
        counts=Counts(total=3, pending=2, running=1),
        positions="0",
        marks=(Mark(Outcome.OMITTED, Reason.UPSTREAM_FAILED, since=MORNING, positions="1-2"),),
        attention=(Watched("a", Reason.UNSCHEDULABLE, "0/3 nodes", MORNING),),
        observed_generation=1,
    )
    await rig.world.record(rig.key, status)
    for _ in range(2):
        known = (await rig.observed()).log
        assert status == replace(known, revision=None)
        rig.restart()


# --- expressions ------------------------------------------------------------------------------

SUM = Expression("1 + 1")


async def ask(rig: Rig, when: str | None = None) -> None:
    """Ask for the values of task c, as a turn does: after a look."""
    await rig.observed()
    condition = None if when is None else Question(Expression(when, Wants.BOOL), Scope())
    leaf = Question(Template(("v", SUM)), Scope())
    await rig.world.apply(rig.key, [Evaluate("c", condition, {"X": leaf})])


@pytest.mark.parametrize(
    ("when", "want"),
    [
        (None, Evaluated(env={"X": "v2"})),
        ("1 == 1", Evaluated(when=True, env={"X": "v2"})),
        ("1 == 2", Evaluated(when=False)),
    ],
)
async def test_values_are_shown_once_they_were_asked_for(
    rig: Rig, when: str | None, want: Evaluated
) -> None:
    """As long as the task has not started. Variables of a task that does not run have none."""
    assert {} == (await rig.observed()).evaluated
    await ask(rig, when)
    assert {"c": want} == (await rig.observed()).evaluated
    await started(rig, "c")
    assert {} == (await rig.observed()).evaluated


async def test_an_expression_without_a_value_is_shown_with_why(rig: Rig) -> None:
    """The engine makes words of it."""
    await ask(rig, "1 / 0 == 1")
    shown = (await rig.observed()).evaluated["c"]
    assert isinstance(shown.when, Failure)
    assert "1 / 0 == 1" == shown.when.source
    assert {} == shown.env


async def test_a_task_that_has_begun_keeps_its_values(rig: Rig) -> None:
    """Also for the next process, and whatever the expressions would give now."""
    await started(rig, "c", env={"X": "the first"})
    for _ in range(2):
        await ask(rig)
        assert {"c": Evaluated(env={"X": "the first"})} == (await rig.observed()).evaluated
        rig.restart()


# --- waits ------------------------------------------------------------------------------------


async def test_a_wait_is_shown_with_its_instant(waits: Rig) -> None:
    """Nothing of it runs. A second start, and the next process, find the same one."""
    await started(waits, "hour")
    first = await shown(waits, "hour")
    assert first.created is not None
    assert first.due is not None
    assert 3590 < (first.due - first.created).total_seconds() < 3610  # of two clocks
    assert (1, Stage.WAITING, Reason.WAITING_FOR_TIME, False) == (
        *(first.number, first.stage, first.waiting, first.alive),
    )
    for _ in range(2):
        await started(waits, "hour")
        assert first == await shown(waits, "hour")
        waits.restart()


async def test_the_end_of_a_wait_can_be_asked_for(waits: Rig) -> None:
    """There is nothing to end."""
    await started(waits, "hour")
    first = await shown(waits, "hour")
    await waits.world.apply(waits.key, [EndAttempt("hour", 1)])
    assert first == await shown(waits, "hour")


async def test_a_wait_ends_at_its_instant(waits: Rig) -> None:
    """The engine looks, and another process goes on with the wait that is not over."""
    for _ in range(3):
        await waits.look()
    waits.restart()
    again = await waits.look()
    tasks = (await waits.observed()).tasks
    assert Outcome.SUCCEEDED == tasks["past"].log.outcome
    assert tasks["past"].log.started == tasks["past"].log.finished
    assert (None, Reason.WAITING_FOR_TIME) == (tasks["hour"].log.outcome, tasks["hour"].log.reason)
    assert tasks["hour"].sighting is not None
    assert tasks["hour"].sighting.due == again


# --- questions to people ----------------------------------------------------------------------


@pytest.fixture(params=["memory", "local", pytest.param("cluster", marks=pytest.mark.cluster)])
async def asking_rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Return a run that asks people, then runs a task."""
    kind = KINDS[request.param]
    question = asking("ask", message="Go on?", timeout_seconds=3600)
    made = await kind.make(request, spec(question, task("b", "ask", **kind.fields)))
    yield made
    await made.close()


async def test_a_question_waits_and_says_what_is_asked(asking_rig: Rig) -> None:
    """It has begun, nothing of it must be waited for, and its deadline is known."""
    await asking_rig.look()
    sighting = await shown(asking_rig, "ask")
    assert (Stage.RUNNING, Reason.WAITING_FOR_APPROVAL) == (sighting.stage, sighting.waiting)
    assert "Go on?" in sighting.message
    assert sighting.expected is not None
    assert Reason.APPROVAL_TIMEOUT == sighting.expected.reason


async def test_an_answer_is_shown_to_whoever_looks(asking_rig: Rig) -> None:
    """Also in the next process, and a second answer changes nothing."""
    await asking_rig.look()
    asking_rig.answer("ask", "approve", comment="fine")
    asking_rig.answer("ask", "reject")
    for _ in range(2):
        ending = await ended(asking_rig, "ask")
        assert ending.answer is not None
        assert ("approve", "fine") == (ending.answer.choice, ending.answer.comment)
        asking_rig.restart()


async def ended(rig: Rig, name: str) -> Ending:
    """Return how a task's newest attempt ended, once the world shows that."""
    await rig.until_ended(name)
    ending = (await shown(rig, name)).ending
    assert ending is not None
    return ending


async def test_a_question_that_was_ended_is_no_longer_alive(asking_rig: Rig) -> None:
    """However often that is asked for, and whatever somebody answers then."""
    await asking_rig.look()
    for _ in range(2):
        await asking_rig.world.apply(asking_rig.key, [EndAttempt("ask", 1)])
    await asking_rig.until_ended("ask")
    asking_rig.answer("ask", "approve")
    assert not (await shown(asking_rig, "ask")).alive


async def test_a_run_goes_on_with_the_answer(asking_rig: Rig) -> None:
    """With another process after every step."""
    await asking_rig.look()
    asking_rig.restart()
    asking_rig.answer("ask", "approve")
    await asking_rig.until_ended("ask")
    await asking_rig.look()
    asking_rig.restart()
    assert "approve" == ((await asking_rig.observed()).tasks["ask"].log.outputs or {})["choice"]
    asking_rig.end("b")
    await asking_rig.until_ended("b")
    await asking_rig.look()
    assert True is (await asking_rig.observed()).log.succeeded


# --- all together -----------------------------------------------------------------------------


async def test_a_run_gets_to_its_end(rig: Rig) -> None:
    """With a failure, a retry, outputs, and another process after every step."""
    await rig.look()  # asks for what c needs
    await rig.look()
    rig.restart()
    rig.end("a", 3)
    rig.end("c", 0, output='{"rows": 1}')
    await rig.until_ended("a", "c")
    await rig.look()
    rig.restart()
    rig.end("a", 0, number=2)
    await rig.until_ended("a")
    await rig.look()
    rig.restart()
    rig.end("b", 0)
    await rig.until_ended("b")
    await rig.look()
    run = await rig.observed()
    assert (True, Reason.SUCCEEDED) == (run.log.succeeded, run.log.reason)
    assert {name: 2 if name == "a" else 1 for name in "abc"} == {
        name: seen.log.count for name, seen in run.tasks.items()
    }
    assert {"rows": 1} == run.tasks["c"].log.outputs


async def test_a_task_that_is_taken_over_has_its_log_at_once_and_no_attempt(rig: Rig) -> None:
    """A repetition changes nothing, also in the next process."""
    run = await rig.observed()
    context = RunContext(rig.key.namespace, rig.key.name, run.uid, run.workflow, "")
    log = TaskLog(
        outcome=Outcome.SUCCEEDED,
        reason=Reason.TAKEN_OVER,
        message="run etl-0 did the work",
        started=MORNING,
        finished=MORNING,
        outputs={"rows": 3},
        observed_generation=1,
        taken_over_from="etl-0",
    )
    for _ in range(2):
        await rig.world.apply(rig.key, [TakeOver("a", context, log)])
        seen = (await rig.observed()).tasks["a"]
        assert (log, None) == (seen.log, seen.sighting)
        rig.restart()
    assert {"a"} == (await rig.observed()).tasks.keys()


async def test_the_result_of_an_earlier_run_is_found(rig: Rig) -> None:
    """By the hash that its task has on record; also in the next process, and not by another one."""
    run = await rig.observed()
    context = RunContext(rig.key.namespace, rig.key.name, run.uid, run.workflow, "")
    question = CacheQuestion(rig.key.namespace, run.workflow, "a", TaskBody(image="busybox:1.37"))
    entry = entry_of(question, Evaluated(fields={CACHE_KEY: "k"}))
    assert entry is not None
    log = TaskLog(
        outcome=Outcome.SUCCEEDED,
        reason=Reason.FROM_CACHE,
        finished=MORNING,
        outputs={"rows": 3},
        taken_over_from="etl-0",
        done=MORNING,
    )
    await rig.world.apply(rig.key, [TakeOver("a", context, log, cache_hash=entry.hash)])
    for _ in range(2):
        for key, want in (("'k'", (CachedResult("etl-0", MORNING, {"rows": 3}),)), ("'l'", ())):
            asked = Question(Expression(key, Wants.STRING), Scope())
            fields = {CACHE_KEY: asked}
            await rig.world.apply(rig.key, [Evaluate("b", fields=fields, cache=question)])
            found = (await rig.observed()).evaluated["b"].cache
            assert found is not None
            assert (key[1], want) == (found.entry.key, found.results)
        rig.restart()
        assert {"a"} == (await rig.observed()).tasks.keys()
