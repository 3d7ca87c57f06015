"""A run that repeats an earlier one: what succeeded is taken over, and the rest runs."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.kube.errors import StaleError, UnreachableError
from support import fake_world
from support.builders import chain, diamond, last, task, workflow
from support.fake_cluster import CrashError, FakeRun, Fault, LostAnswerError
from support.story import NewStory, Story

R = Reason
TROUBLES = (fake_world.StaleError, LostAnswerError, StaleError, UnreachableError)
"""What ends a turn, and not the process."""


def failed(story: Story, *succeed: str, fail: str) -> FakeRun:
    """Let some tasks succeed and one fail, and return the ended run."""
    story.tick()
    for name in succeed:
        story.succeed(name)
    story.fail(fail)
    assert story.status.finished is not None
    return story.run


def rerun(story: Story, earlier: FakeRun, name: str = "etl-2", **asked: object) -> FakeRun:
    """Let somebody repeat a run, and let the controller look at the new run."""
    of = RerunOf(name=earlier.key.name, **asked)
    story.run = story.another_run(earlier.definition, name, rerun=of)
    story.tick()
    return story.run


def taken(story: Story) -> dict[str, str | None]:
    """Return the tasks that were taken over, and from which run."""
    logs = ((name, record.log) for name, record in story.run.task_runs.items())
    return {name: log.taken_over_from for name, log in logs if log.reason is R.TAKEN_OVER}


def test_tasks_that_succeeded_are_taken_over_and_the_failed_one_runs(new_story: NewStory) -> None:
    """The taken-over tasks have TaskRuns with the same outputs, and no Job."""
    story = new_story(chain("a", "b", "c"))
    story.tick()
    story.succeed("a", output='{"rows": 3}')
    story.fail("b")
    rerun(story, story.run)
    assert {"a": "etl-1"} == taken(story)
    assert {"rows": 3} == story.log("a").outputs
    assert {("b", 1): 1} == story.jobs_made
    story.succeed("b")
    story.succeed("c")
    assert (True, R.SUCCEEDED) == story.told
    assert 3 == story.status.counts.succeeded


def test_what_waits_for_the_repeated_task_is_repeated_too(new_story: NewStory) -> None:
    """Also if it had succeeded: it ran because of the failure."""
    story = new_story(
        workflow(task("a"), task("b", "a"), task("alert", "b", rule="OneFailed"), last("tidy"))
    )
    story.tick()
    story.succeed("a")
    story.fail("b")
    story.succeed("alert")
    story.succeed("tidy")
    assert (False, R.FAILED) == story.told
    rerun(story, story.run)
    assert {"a": "etl-1"} == taken(story)
    story.succeed("b")
    assert {"tidy"} == story.alive  # `finally` tasks always run.
    story.succeed("tidy")
    assert (True, R.SUCCEEDED) == story.told
    assert 1 == story.status.counts.omitted


def test_a_named_task_is_repeated_with_all_that_waits_for_it(new_story: NewStory) -> None:
    """In a run where everything succeeded."""
    story = new_story(diamond())
    story.tick()
    story.succeed("extract")
    story.succeed("left", "right")
    story.succeed("join")
    rerun(story, story.run, from_=RerunFrom.TASK, task="left")
    assert {"extract": "etl-1", "right": "etl-1"} == taken(story)
    assert {"left"} == story.alive


def test_downstream_only_takes_the_named_task_over(new_story: NewStory) -> None:
    """Its result was right, and what was made of it was not."""
    story = new_story(diamond())
    story.tick()
    story.succeed("extract")
    story.succeed("left", "right")
    story.succeed("join")
    asked = {"from_": RerunFrom.TASK, "task": "left", "downstream_only": True}
    rerun(story, story.run, **asked)
    assert {"extract", "left", "right"} == taken(story).keys()
    assert {"join"} == story.alive


def test_all_repeats_everything(new_story: NewStory) -> None:
    """Nothing is taken over."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.succeed("a")
    story.succeed("b")
    rerun(story, story.run, from_=RerunFrom.ALL)
    assert {} == taken(story)
    assert {"a"} == story.alive


def test_a_chain_of_reruns_names_the_first_run_that_did_the_work(new_story: NewStory) -> None:
    """And takes over what the rerun did itself."""
    story = new_story(chain("a", "b", "c"))
    first = failed(story, "a", fail="b")
    rerun(story, first)
    story.succeed("b")
    story.fail("c")
    rerun(story, story.run, "etl-3")
    assert {"a": "etl-1", "b": "etl-2"} == taken(story)
    story.succeed("c")
    assert (True, R.SUCCEEDED) == story.told


def test_expressions_read_the_outputs_that_were_taken_over(new_story: NewStory) -> None:
    """As if the task had run here."""
    story = new_story(
        workflow(task("a"), task("bad", "a"), task("b", "bad", when="tasks.a.outputs.rows > 2"))
    )
    story.tick()
    story.succeed("a", output='{"rows": 3}')
    story.fail("bad")
    rerun(story, story.run)
    story.succeed("bad")
    assert {"b"} == story.alive


def test_a_skipped_task_is_judged_anew_and_repeats_nothing(new_story: NewStory) -> None:
    """What ran behind it stays taken over."""
    made = workflow(
        *(task("a", when="run.trigger == 'Schedule'"), task("b", "a", rule="NoneFailed")),
        task("bad"),
    )
    story = new_story(made)
    story.tick()
    story.succeed("b")
    story.fail("bad")
    rerun(story, story.run)
    assert {"b": "etl-1"} == taken(story)
    story.succeed("bad")
    assert (True, R.SUCCEEDED) == story.told
    assert 1 == story.status.counts.skipped


def test_a_taken_over_task_whose_record_is_deleted_fails_the_run(new_story: NewStory) -> None:
    """As a task that ran here: nobody repeats it in silence."""
    story = new_story(chain("a", "b"))
    rerun(story, failed(story, "a", fail="b"))
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.succeed("b")
    assert (False, R.TASK_RUN_DELETED) == story.told


REFUSED = [
    pytest.param({"name": "etl-9"}, R.RUN_NOT_FOUND, "no WorkflowRun 'etl-9'", id="no such run"),
    pytest.param(
        {"from_": RerunFrom.TASK, "task": "bb"},
        *(R.INVALID_RERUN, "no task 'bb'; did you mean 'b'?"),
        id="a task that does not exist",
    ),
    pytest.param(
        {"from_": RerunFrom.TASK, "task": "tidy"},
        *(R.INVALID_RERUN, "'tidy' is a `finally` task"),
        id="a task that always runs",
    ),
    pytest.param(
        {"from_": RerunFrom.TASK, "task": "b", "downstream_only": True},
        *(R.INVALID_RERUN, "task b of run etl-1 did not succeed"),
        id="downstreamOnly of a task that failed",
    ),
]


@pytest.mark.parametrize(("asked", "reason", "words"), REFUSED)
def test_a_rerun_that_cannot_be_is_refused_with_the_cure(
    new_story: NewStory, asked: dict[str, object], reason: R, words: str
) -> None:
    """At once, and nothing starts."""
    story = new_story(workflow(task("a"), task("b", "a"), last("tidy")))
    story.tick()
    story.succeed("a")
    story.fail("b")
    story.succeed("tidy")
    of = RerunOf(**{"name": "etl-1", **asked})
    story.run = story.another_run(story.run.definition, "etl-2", rerun=of)
    story.tick()
    assert (False, reason) == story.told
    assert words in story.status.message
    assert {} == story.run.task_runs


def test_a_run_that_goes_on_cannot_be_repeated(new_story: NewStory) -> None:
    """Its tasks may still end in any way."""
    story = new_story(chain("a", "b"))
    story.tick()
    rerun(story, story.run)
    assert (False, R.RUN_NOT_ENDED) == story.told
    assert "wait for its end" in story.status.message


def test_a_run_without_a_failure_has_nothing_to_repeat(new_story: NewStory) -> None:
    """The message names the other ways."""
    story = new_story(chain("a"))
    story.tick()
    story.succeed("a")
    rerun(story, story.run)
    assert (False, R.NOTHING_TO_RERUN) == story.told


def test_a_deleted_source_refuses_a_rerun_that_has_taken_over_nothing(new_story: NewStory) -> None:
    """Nothing has started, so a new run of the workflow is safe."""
    story = new_story(chain("a", "b"))
    first = failed(story, "a", fail="b")
    of = RerunOf(name=first.key.name)
    story.run = story.another_run(first.definition, "etl-2", rerun=of)
    story.stage.look(story.run)
    assert R.TAKING_OVER is story.status.reason
    story.cluster.delete_run(first)
    story.tick()
    assert (False, R.SOURCE_RUN_DELETED) == story.told
    assert {} == story.jobs_made


def test_a_source_deleted_after_the_takeover_is_not_missed(new_story: NewStory) -> None:
    """The rerun has all that it needs."""
    story = new_story(chain("a", "b"))
    first = failed(story, "a", fail="b")
    rerun(story, first)
    story.cluster.delete_run(first)
    story.tick()
    story.succeed("b")
    assert (True, R.SUCCEEDED) == story.told


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("write", range(1, 12))
def test_a_crash_at_any_write_of_a_rerun_loses_and_repeats_nothing(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Each taken-over task has one TaskRun and no Job, each other one has one Job."""
    story = new_story(diamond())
    story.tick()
    story.succeed("extract")
    story.succeed("left")
    story.fail("right")
    first = story.run
    story.cluster.faults = {len(story.cluster.writes) + write: fault}
    story.run = story.another_run(first.definition, "etl-2", rerun=RerunOf(name="etl-1"))
    _to_the_end(story)
    assert (True, R.SUCCEEDED) == story.told
    assert {"extract": "etl-1", "left": "etl-1"} == taken(story)
    assert {("right", 1): 1, ("join", 1): 1} == story.jobs_made


def _to_the_end(story: Story) -> None:
    """Let programs succeed until the run has ended, through crashes."""
    for _ in range(20):
        try:
            story.tick()
            for name in ("right", "join"):
                if name in story.run.task_runs and name in story.alive:
                    story.cluster.end(story.job(name))
            story.pass_time(1)
        except CrashError:
            story.restart()
        except TROUBLES:
            continue
        if story.status.finished is not None:
            return


def test_cancel_in_the_middle_of_the_takeover_ends_the_run(new_story: NewStory) -> None:
    """What is not taken over yet never starts."""
    story = new_story(chain("a", "b"))
    first = failed(story, "a", fail="b")
    story.run = story.another_run(first.definition, "etl-2", rerun=RerunOf(name="etl-1"))
    story.stage.look(story.run)
    story.steer(DesiredState.CANCEL)
    assert (False, R.CANCELLED) == story.told
    assert {} == story.jobs_made
    assert Outcome.SUCCEEDED not in story.outcomes.values()


def _many(count: int) -> Definition:
    return workflow(*(task(f"t{n}") for n in range(count)), task("end", "t0"))


def test_hundreds_of_tasks_are_taken_over_in_bounded_steps(new_story: NewStory) -> None:
    """No turn writes more than a batch, and the status says how many are left."""
    story = new_story(_many(130))
    story.tick()
    for name in [*story.run.task_runs]:
        story.cluster.end(story.job(name))
    story.tick()
    story.fail("end")
    first = story.run
    story.run = story.another_run(first.definition, "etl-2", rerun=RerunOf(name="etl-1"))
    story.stage.look(story.run)
    assert "130 of 130 tasks of run etl-1 are left to take over" == story.status.message
    before = len(story.cluster.writes)
    story.stage.look(story.run)
    assert len(story.cluster.writes) - before <= 2 * 100 + 1
    story.tick()
    assert 130 == len(taken(story))
    assert {"end"} == story.alive
