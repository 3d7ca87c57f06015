"""Tasks with a cache: an earlier run has the result, or the program runs."""

import pytest

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from support.builders import at, cached, calls, param, retries, task, workflow
from support.fake_cluster import FakeRun
from support.story import NewStory, Story

R = Reason
ROWS = '{"rows": 3}'
READS = EnvVar(name="ROWS", value="${{ tasks.a.outputs.rows }}")
DEFINITION = workflow(cached("a"), task("b", "a", env=(READS,)))


def ended(new_story: NewStory, definition: Definition = DEFINITION, **asked: object) -> Story:
    """Return the story of a run whose cached task `a` ran, and gave rows."""
    story = new_story(definition, **asked)
    story.tick()
    story.succeed("a", output=ROWS)
    while story.alive:
        story.succeed(*story.alive)
    assert (True, R.SUCCEEDED) == story.told
    return story


def another(story: Story, name: str = "etl-2", **asked: object) -> FakeRun:
    """Let somebody create a further run of the same workflow, and let the controller look."""
    definition = story.run.definition
    story.run = story.another_run(definition, name, **asked)
    story.tick()
    return story.run


def test_a_later_run_has_the_outputs_of_the_earlier_one_and_runs_no_program(
    new_story: NewStory,
) -> None:
    """What reads the outputs reads those of the first run."""
    story = ended(new_story)
    story.pass_time(60)
    another(story)
    log = story.log("a")
    assert (Outcome.SUCCEEDED, R.FROM_CACHE, "etl-1") == (
        *(log.outcome, log.reason),
        log.taken_over_from,
    )
    assert ({"rows": 3}, 0, story.at(0)) == (log.outputs, log.count, log.done)
    assert {"b"} == story.alive
    assert "3" == story.record("b").env["ROWS"]
    story.succeed("b")
    assert (True, R.SUCCEEDED) == story.told
    assert 2 == story.status.counts.succeeded
    assert {("b", 1): 1} == story.jobs_made


def from_cache(story: Story) -> dict[str, str | None]:
    """Return the tasks with an earlier result, and the run that did the work."""
    logs = ((name, record.log) for name, record in story.run.task_runs.items())
    return {name: log.taken_over_from for name, log in logs if log.reason is R.FROM_CACHE}


def test_a_result_goes_on_from_run_to_run_and_names_the_first_one(new_story: NewStory) -> None:
    """Its age counts from when the work was done, whoever had the result since."""
    story = ended(new_story, workflow(cached("a", age=100)))
    story.pass_time(60)
    another(story, "etl-2")
    assert {"a": "etl-1"} == from_cache(story)
    story.pass_time(40)
    another(story, "etl-3")
    assert {"a": "etl-1"} == from_cache(story)
    assert story.at(0) == story.log("a").done
    story.pass_time(1)
    another(story, "etl-4")
    assert {} == from_cache(story)
    assert {"a"} == story.alive


def test_the_youngest_result_counts(new_story: NewStory) -> None:
    """Also beside older ones of the same key."""
    story = ended(new_story)
    another(story, "etl-2", cache=CacheMode.REFRESH)
    assert {"a"} == story.alive
    story.pass_time(10)
    story.succeed("a", output='{"rows": 4}')
    story.succeed("b")
    another(story, "etl-3")
    assert {"a": "etl-2"} == from_cache(story)
    assert {"rows": 4} == story.log("a").outputs


def test_a_result_without_a_run_is_none(new_story: NewStory) -> None:
    """The history has removed the run, with its TaskRuns; a run that had the result keeps it."""
    story = ended(new_story)
    first, second = story.run, another(story, "etl-2")
    story.succeed("b")
    story.cluster.delete_run(first)
    another(story, "etl-3")
    assert {"a": "etl-1"} == from_cache(story)
    story.succeed("b")
    story.cluster.delete_run(second)
    story.cluster.delete_run(story.run)
    another(story, "etl-4")
    assert {} == from_cache(story)
    assert {"a"} == story.alive


def test_off_neither_finds_a_result_nor_leaves_one(new_story: NewStory) -> None:
    """The key is not even evaluated: a wrong one does no harm."""
    wrong = workflow(cached("a", key="string(params.n / 0)"), params=(param("n", "Integer"),))
    story = ended(new_story, wrong, cache=CacheMode.OFF, given={"n": 1})
    another(story, "etl-2", cache=CacheMode.OFF, given={"n": 1})
    assert {"a"} == story.alive
    story.succeed("a")
    another(story, "etl-3", given={"n": 1})
    assert (Outcome.FAILED, R.INVALID_EXPRESSION) == (
        *(story.run.log.counts.failed and Outcome.FAILED, story.attention()["a"]),
    )


@pytest.mark.parametrize("first", [CacheMode.USE, CacheMode.REFRESH, CacheMode.OFF])
def test_what_a_run_does_with_its_caches_says_whether_later_runs_find_its_results(
    new_story: NewStory, first: CacheMode
) -> None:
    """All but the runs without caches leave results."""
    story = ended(new_story, cache=first)
    another(story)
    want = {} if first is CacheMode.OFF else {"a": "etl-1"}
    assert want == from_cache(story)


def test_the_key_says_which_results_are_the_same(new_story: NewStory) -> None:
    """It reads parameters; other parameters do not matter."""
    definition = workflow(
        cached("a", key="params.day"), params=(param("day"), param("note", default=""))
    )
    story = ended(new_story, definition, given={"day": "monday"})
    another(story, "etl-2", given={"day": "tuesday"})
    assert {} == from_cache(story)
    story.succeed("a")
    another(story, "etl-3", given={"day": "monday", "note": "again"})
    assert {"a": "etl-1"} == from_cache(story)
    another(story, "etl-4", given={"day": "tuesday"})
    assert {"a": "etl-2"} == from_cache(story)


def test_a_key_can_read_outputs_and_the_logical_time(new_story: NewStory) -> None:
    """Two runs of one instant, whose upstream task gave the same."""
    key = "string(tasks.find.outputs.rows) + string(run.logicalTime)"
    definition = workflow(task("find"), cached("a", "find", key=key))
    story = new_story(definition, logical_time=at(0))
    names = iter(("etl-2", "etl-3", "etl-4"))
    for rows, time, want in ((3, 0, {}), (3, 0, {"a": "etl-1"}), (4, 0, {}), (3, 60, {})):
        if story.run.log.finished is not None:
            story.run = story.another_run(definition, next(names), logical_time=at(time))
        story.tick()
        story.succeed("find", output=f'{{"rows": {rows}}}')
        assert want == from_cache(story)
        for name in sorted(story.alive):
            story.succeed(name)
        assert (True, R.SUCCEEDED) == story.told


def test_values_of_variables_are_part_of_what_is_the_same(new_story: NewStory) -> None:
    """An output that a variable has need not be in the key."""
    definition = workflow(task("a"), cached("b", "a", env=(READS,)))
    story = new_story(definition)
    names = iter(("etl-2", "etl-3"))
    for rows, want in ((3, {}), (4, {}), (3, {"b": "etl-1"})):
        if story.run.log.finished is not None:
            story.run = story.another_run(definition, next(names))
        story.tick()
        story.succeed("a", output=f'{{"rows": {rows}}}')
        assert want == from_cache(story)
        for name in sorted(story.alive):
            story.succeed(name)


def test_only_success_is_a_result(new_story: NewStory) -> None:
    """A failure is tried again by the next run; a retry that succeeded counts."""
    definition = workflow(cached("a", retry=retries(1, seconds=0)))
    story = new_story(definition)
    story.tick()
    story.fail("a")
    story.pass_time(1)
    story.fail("a")
    assert (False, R.FAILED) == story.told
    another(story, "etl-2")
    assert {} == from_cache(story)
    story.fail("a")
    story.pass_time(1)
    story.succeed("a", output=ROWS)
    another(story, "etl-3")
    assert {"a": "etl-2"} == from_cache(story)


def test_a_skipped_task_asks_no_cache(new_story: NewStory) -> None:
    """`when` comes first."""
    definition = workflow(cached("a", when="params.go"), params=(param("go", "Boolean"),))
    story = ended(new_story, definition, given={"go": True})
    another(story, given={"go": False})
    assert {} == story.run.task_runs
    assert 1 == story.status.counts.skipped


def test_two_runs_at_once_both_do_the_work(new_story: NewStory) -> None:
    """There is no lock: the second one asks before the first one has a result."""
    story = new_story(DEFINITION)
    story.tick()
    first = story.run
    another(story)
    assert {"a"} == story.alive
    story.succeed("a", output='{"rows": 4}')
    story.run = first
    story.succeed("a", output=ROWS)
    assert ({}, {"rows": 3}) == (from_cache(story), story.log("a").outputs)


def test_a_paused_run_takes_nothing_and_a_stopped_one_neither(new_story: NewStory) -> None:
    """A result counts when the task could start."""
    story = ended(new_story)
    another(story, "etl-2", desired=DesiredState.PAUSE)
    assert {} == story.run.task_runs
    story.steer(DesiredState.RUN)
    assert {"a": "etl-1"} == from_cache(story)
    another(story, "etl-3", desired=DesiredState.STOP)
    assert {} == story.run.task_runs


def test_a_result_needs_no_slot(new_story: NewStory) -> None:
    """Neither of `maxParallel`, nor of a pool without any."""
    definition = workflow(
        *(cached("a", pool="narrow"), task("b"), cached("c", key="'other'")), max_parallel=1
    )
    story = new_story(definition)
    story.cluster.set_pool("narrow", 1)
    story.tick()
    while story.told[0] is None:
        for name in sorted(story.alive):
            story.succeed(name)
        story.tick()
    story.cluster.set_pool("narrow", 0)
    another(story)
    assert {"a": "etl-1", "c": "etl-1"} == from_cache(story)
    assert {"b"} == story.alive


def test_a_rerun_of_what_failed_uses_results_and_one_of_all_does_not(new_story: NewStory) -> None:
    """Whoever names what to repeat wants it done again, unless the run says otherwise."""
    definition = workflow(task("bad"), cached("a", "bad", rule="AllDone"))
    story = new_story(definition)
    story.tick()
    story.fail("bad")
    story.succeed("a", output=ROWS)
    for name, of, cache, want in (
        ("etl-2", RerunOf(name="etl-1"), None, {"a": "etl-1"}),
        ("etl-3", RerunOf(name="etl-1", from_=RerunFrom.ALL), None, {}),
        ("etl-4", RerunOf(name="etl-1", from_=RerunFrom.TASK, task="a"), None, {}),
        ("etl-5", RerunOf(name="etl-1", from_=RerunFrom.ALL), CacheMode.USE, {"a": "etl-4"}),
    ):
        another(story, name, rerun=of, cache=cache)
        story.pass_time(10)
        story.fail("bad")
        assert want == from_cache(story)
        for each in sorted(story.alive):
            story.succeed(each, output=ROWS)


def test_what_a_rerun_took_over_is_a_result_too(new_story: NewStory) -> None:
    """Of the run that did the work, and as old as that."""
    story = new_story(workflow(cached("a", age=100), task("bad", "a")))
    story.tick()
    story.succeed("a", output=ROWS)
    story.pass_time(10)
    story.fail("bad")
    first = story.run
    another(story, "etl-2", rerun=RerunOf(name="etl-1"))
    assert R.TAKEN_OVER is story.reason("a")
    story.succeed("bad")
    story.cluster.delete_run(first)
    story.pass_time(60)
    another(story, "etl-3")
    assert {"a": "etl-1"} == from_cache(story)
    assert ({"rows": 3}, story.at(0)) == (story.log("a").outputs, story.log("a").done)
    story.pass_time(40)
    another(story, "etl-4")
    assert {} == from_cache(story)


def test_called_runs_do_with_their_caches_what_the_calling_run_does(new_story: NewStory) -> None:
    """And they find the results of other calls."""
    story = new_story(workflow(calls("call")))
    story.stage.add_workflow("inner", workflow(cached("a")))
    outer, seen = story.run, []
    for name, cache in (("", None), ("etl-2", None), ("etl-3", CacheMode.REFRESH)):
        if name:
            outer = story.another_run(outer.definition, name, cache=cache)
        story.tick_all()
        story.run = story.called("call", outer)
        seen.append(from_cache(story))
        if story.alive:
            story.succeed("a", output=ROWS)
        story.tick_all()
        assert outer.log.succeeded
    assert [{}, {"a": "etl-1-call-1"}, {}] == [
        {task: run if run is None else "etl-1-call-1" for task, run in each.items()}
        for each in seen
    ]


@pytest.mark.parametrize("kind", ["no room", "refused"])
def test_a_task_run_that_the_api_server_refuses_waits_or_fails_as_any_other(
    new_story: NewStory, kind: str
) -> None:
    """Nothing runs meanwhile."""
    story = ended(new_story)
    why = R.QUOTA_EXCEEDED if kind == "no room" else R.ADMISSION_DENIED
    story.cluster.no_task_runs["a"] = (why, "no")
    another(story)
    story.pass_time(1)
    assert set() == story.alive
    if kind == "refused":
        assert 1 == story.status.counts.failed
        return
    assert {"a": R.QUOTA_EXCEEDED} == story.attention()
    del story.cluster.no_task_runs["a"]
    story.pass_time(60)
    assert {"a": "etl-1"} == from_cache(story)


def test_a_chain_of_results_goes_on_without_a_pause(new_story: NewStory) -> None:
    """Each one lets the next one start at once."""
    story = ended(new_story, workflow(cached("a"), cached("b", "a"), cached("c", "b")))
    another(story)
    assert {"a", "b", "c"} == from_cache(story).keys()
    assert (True, R.SUCCEEDED) == story.told
    assert {} == story.jobs_made
