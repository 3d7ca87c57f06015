"""A task that calls a workflow: its run, what goes down to it, and what comes back."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState, TriggerKind
from headrace.api.v1alpha1.task import Defaults, TaskTimeouts
from headrace.api.v1alpha1.workflow import RunTimeouts
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.task.policies.nested_depth import DEEPEST
from support.builders import (
    calls,
    chain,
    last,
    limits,
    output,
    param,
    retries,
    task,
    workflow,
)
from support.fake_cluster import FakeRun
from support.story import NewStory, Story, in_memory_only

INNER = chain("a", "b")
OUTER = workflow(calls("call"), task("after", "call"))


def begun(new_story: NewStory, outer: Definition = OUTER, inner: Definition = INNER) -> Story:
    """Return a run whose task has called another one."""
    story = new_story(outer)
    story.stage.add_workflow("inner", inner)
    story.tick_all()
    return story


def limited(**seconds: int) -> Definition:
    """Return a workflow that calls one, and gives it so much time."""
    return workflow(calls("call", timeouts=TaskTimeouts(**seconds)))


def end(story: Story, run: FakeRun, task: str, code: int = 0, output: str = "") -> None:
    """Let a program of some run end."""
    story.cluster.end(run.task_runs[task].newest(), code, output=output)
    story.tick_all()


# --- there and back ---------------------------------------------------------------------------


def test_a_task_is_a_run_of_the_called_workflow(new_story: NewStory) -> None:
    """It stands for the same instant, and says who asked for it. What waits for the task waits."""
    story = begun(new_story)
    called = story.called("call")
    assert {"a"} == called.task_runs.keys()
    assert TriggerKind.CALL == called.trigger
    assert called.logical_time == (story.run.logical_time or story.run.created)
    assert {"call"} == story.run.task_runs.keys()


def test_its_success_is_the_success_of_the_task(new_story: NewStory) -> None:
    """What waits for the task starts at once."""
    story = begun(new_story)
    called = story.called("call")
    end(story, called, "a")
    end(story, called, "b")
    assert Outcome.SUCCEEDED == story.log("call").outcome
    assert {"after"} == story.alive
    story.succeed("after")
    assert (True, Reason.SUCCEEDED) == story.told


def test_the_outputs_of_the_run_are_those_of_the_task(new_story: NewStory) -> None:
    """The called workflow says which; expressions of the calling one read them."""
    inner = workflow(task("a"), outputs=(output("twice", "tasks.a.outputs.rows * 2"),))
    outer = workflow(calls("call"), task("after", "call", when="tasks.call.outputs.twice == 6"))
    story = begun(new_story, outer, inner)
    called = story.called("call")
    story.cluster.end(called.task_runs["a"].newest(), output='{"rows": 3}')
    story.tick_all()
    story.tick_all()
    assert {"twice": 6} == called.log.outputs
    assert {"twice": 6} == story.log("call").outputs
    story.tick()
    assert {"after"} == story.alive


def test_a_call_keeps_the_promise_of_its_outputs(new_story: NewStory) -> None:
    """As a program does: later tasks would miss an output that is declared and that nobody gave."""
    inner = workflow(task("a"), outputs=(output("rows", "tasks.a.outputs.rows"),))
    promised = [{"name": "rows", "type": "Integer"}, {"name": "pages", "type": "Integer"}]
    story = begun(new_story, workflow(calls("call", outputs=promised)), inner)
    story.cluster.end(story.called("call").task_runs["a"].newest(), output='{"rows": 3}')
    story.tick_all()
    story.tick_all()
    assert Reason.INVALID_OUTPUTS == story.attempt("call").reason
    assert "pages" in story.log("call").message


def test_an_output_without_a_value_fails_the_run(new_story: NewStory) -> None:
    """And so the task, with the cause in its message."""
    inner = workflow(task("a"), outputs=(output("twice", "tasks.a.outputs.rows * 2"),))
    story = begun(new_story, inner=inner)
    called = story.called("call")
    story.cluster.end(called.task_runs["a"].newest(), output="{}")
    story.tick_all()
    story.tick_all()
    assert (False, Reason.INVALID_EXPRESSION) == (called.log.succeeded, called.log.reason)
    assert Reason.RUN_FAILED == story.attempt("call").reason
    assert "twice" in story.log("call").message


def test_values_go_down_as_parameters(new_story: NewStory) -> None:
    """A text that is one expression keeps the type of its value; text around it makes text."""
    kinds = (param("n", "Integer"), param("day"), param("full", "Boolean", default=False))
    inner = workflow(task("a"), params=kinds)
    given = {"n": "${{ tasks.first.outputs.rows }}", "day": "on ${{ run.name }}", "full": True}
    outer = workflow(task("first"), calls("call", "first", params=given))
    story = begun(new_story, outer, inner)
    story.succeed("first", output='{"rows": 3}')
    story.tick_all()
    want = {"n": 3, "day": "on etl-1", "full": True}
    assert want == dict(story.called("call").given)


def test_a_value_of_another_type_ends_the_run_before_it_begins(new_story: NewStory) -> None:
    """The called workflow's parameters are checked as for any run."""
    inner = workflow(task("a"), params=(param("n", "Integer"),))
    story = begun(new_story, workflow(calls("call", params={"n": "three"})), inner)
    assert (Outcome.FAILED, Reason.RUN_FAILED) == (
        *(story.log("call").outcome, story.attempt("call").reason),
    )
    assert "'n' must be of type Integer" in story.log("call").message


def test_a_failure_of_the_run_fails_the_task(new_story: NewStory) -> None:
    """The message names the run and the cause."""
    story = begun(new_story)
    end(story, story.called("call"), "a", 1)
    assert (Outcome.FAILED, Reason.RUN_FAILED) == (
        *(story.log("call").outcome, story.attempt("call").reason),
    )
    message = story.log("call").message
    assert story.called("call").key.name in message
    assert "a failed: NonZeroExit" in message
    assert (False, Reason.FAILED) == story.told


def test_a_retry_is_another_run(new_story: NewStory) -> None:
    """The first one has ended by then, and stays."""
    outer = workflow(calls("call", retry=retries(1, seconds=0)))
    story = begun(new_story, outer)
    first = story.called("call")
    end(story, first, "a", 1)
    story.tick_all()
    second = story.called("call")
    assert first.key != second.key
    end(story, second, "a")
    end(story, second, "b")
    assert (True, Reason.SUCCEEDED) == story.told
    assert {("call", 1): 1, ("call", 2): 1} == story.jobs_made


def test_a_retry_passes_the_values_of_the_first_attempt(new_story: NewStory) -> None:
    """Expressions are not evaluated again, also by another process."""
    inner = workflow(task("a"), params=(param("day"),))
    given = {"day": "${{ run.name }}"}
    outer = workflow(calls("call", params=given, retry=retries(1, seconds=0)))
    story = begun(new_story, outer, inner)
    story.tick_all()
    end(story, story.called("call"), "a", 1)
    story.restart()
    story.pass_all(3)
    assert 2 == story.log("call").count
    assert {"day": "etl-1"} == dict(story.called("call").given)


def test_the_task_says_how_far_its_run_is(new_story: NewStory) -> None:
    """In its status, which is written from time to time."""
    story = begun(new_story)
    called = story.called("call")
    story.cluster.begin(called.task_runs["a"].newest())
    end(story, called, "a")
    story.pass_all(13)
    assert Reason.RUNNING == story.reason("call")
    assert f"run {called.key.name}: 1/2 tasks" == story.log("call").message
    assert called.key.name == story.attempt("call").where.unit_name


# --- what goes down ---------------------------------------------------------------------------


def test_a_pause_goes_down_and_back(new_story: NewStory) -> None:
    """Each change reaches the run once."""
    story = begun(new_story)
    called = story.called("call")
    story.steer(DesiredState.PAUSE)
    story.tick_all()
    assert DesiredState.PAUSE == called.passed
    end(story, called, "a")
    assert Reason.PAUSED == called.log.reason
    assert {"a"} == called.task_runs.keys()
    before = len(story.cluster.writes)
    story.tick_all()
    assert before == len(story.cluster.writes)
    story.steer(DesiredState.RUN)
    story.tick_all()
    assert {"a", "b"} == called.task_runs.keys()


def test_a_pause_of_the_called_run_alone_stays(new_story: NewStory) -> None:
    """The calling run passes on what changes, and nothing else."""
    story = begun(new_story)
    called = story.called("call")
    story.cluster.steer(called, DesiredState.PAUSE)
    story.tick_all()
    story.steer(DesiredState.PAUSE)
    story.tick_all()
    story.steer(DesiredState.RUN)
    story.tick_all()
    assert Reason.PAUSED == called.log.reason


def test_a_stop_goes_down(new_story: NewStory) -> None:
    """The called run lets its tasks end and starts no other; the task is cancelled with it."""
    outer = workflow(calls("call", retry=retries(3)), last("tidy"))
    story = begun(new_story, outer)
    called = story.called("call")
    story.steer(DesiredState.STOP)
    story.tick_all()
    end(story, called, "a")
    assert (False, Reason.STOPPED) == (called.log.succeeded, called.log.reason)
    assert Outcome.CANCELLED == story.log("call").outcome
    story.succeed("tidy")
    assert (False, Reason.STOPPED) == story.told


@pytest.mark.parametrize("desired", [DesiredState.CANCEL, DesiredState.TERMINATE])
def test_an_end_goes_down(new_story: NewStory, desired: DesiredState) -> None:
    """The calling run ends when the called one has ended, with its `finally` tasks."""
    inner = workflow(task("a"), last("tidy"))
    story = begun(new_story, workflow(calls("call"), task("beside")), inner)
    called = story.called("call")
    story.steer(desired)
    story.tick_all()
    assert desired == called.passed
    if desired is DesiredState.CANCEL:
        assert story.run.log.finished is None
        end(story, called, "tidy")
    assert called.log.finished is not None
    assert Outcome.CANCELLED == story.log("call").outcome
    assert story.run.log.finished is not None


def test_a_stronger_end_goes_down_too(new_story: NewStory) -> None:
    """Terminate after Cancel."""
    inner = workflow(task("a"), last("tidy"))
    story = begun(new_story, inner=inner)
    called = story.called("call")
    story.steer(DesiredState.CANCEL)
    story.tick_all()
    story.steer(DesiredState.TERMINATE)
    story.tick_all()
    assert DesiredState.TERMINATE == called.passed
    assert (False, Reason.TERMINATED) == (called.log.succeeded, called.log.reason)
    assert story.run.log.finished is not None


def test_a_finally_task_may_call_a_workflow_when_the_run_was_cancelled(new_story: NewStory) -> None:
    """Its run goes on: only Terminate ends it."""
    call = calls("x").workflow
    story = begun(new_story, workflow(task("a"), last("tidy", workflow=call)))
    story.steer(DesiredState.CANCEL)
    story.tick_all()
    called = story.called("tidy")
    assert DesiredState.RUN == called.passed
    end(story, called, "a")
    end(story, called, "b")
    assert Outcome.SUCCEEDED == story.log("tidy").outcome


@pytest.mark.parametrize(
    ("outer", "reason"),
    [
        (workflow(calls("call", timeouts=TaskTimeouts(total_seconds=60))), Reason.TASK_TIMEOUT),
        (
            workflow(calls("call", timeouts=TaskTimeouts(attempt_seconds=60))),
            Reason.ATTEMPT_TIMEOUT,
        ),
        (workflow(calls("call"), timeouts=RunTimeouts(run_seconds=60)), Reason.CANCELLED),
    ],
    ids=["of the task", "of an attempt", "of the run"],
)
def test_a_time_limit_ends_the_called_run(
    new_story: NewStory, outer: Definition, reason: Reason
) -> None:
    """As if somebody had cancelled it."""
    story = begun(new_story, outer)
    story.pass_time(61)
    story.tick_all()
    assert reason == story.attempt("call").reason
    called = story.called("call")
    assert (False, Reason.CANCELLED) == (called.log.succeeded, called.log.reason)
    assert story.run.log.finished is not None


@in_memory_only("the limit is in the defaults, which no definition keeps apart")
def test_the_time_until_a_container_runs_is_no_time_of_a_run(new_story: NewStory) -> None:
    """It may wait for its turn as long as it must."""
    impatient = Defaults(image="busybox", timeouts=limits(pending=10))
    outer = workflow(calls("call"), defaults=impatient)
    story = new_story(outer)
    story.tick_all()
    story.pass_time(30)
    assert Reason.WORKFLOW_NOT_FOUND == story.reason("call")
    story.stage.add_workflow("inner", INNER)


# --- what people do ---------------------------------------------------------------------------


def test_a_run_that_somebody_cancels_fails_the_task(new_story: NewStory) -> None:
    """No retry makes another one: somebody did not want it."""
    story = begun(new_story, workflow(calls("call", retry=retries(3, seconds=0))))
    story.cluster.steer(story.called("call"), DesiredState.CANCEL)
    story.tick_all()
    assert (Outcome.FAILED, Reason.RUN_CANCELLED) == (
        *(story.log("call").outcome, story.attempt("call").reason),
    )


def test_a_run_that_somebody_deletes_is_made_again(new_story: NewStory) -> None:
    """As a Job is: it counts against retry.infrastructureLimit."""
    outer = workflow(calls("call", retry=retries(0, infrastructure=1, seconds=0)))
    story = begun(new_story, outer)
    story.pass_time(3)
    story.cluster.delete_called(story.run, "call")
    story.tick_all()
    story.pass_all(3)
    first, second = story.log("call").attempts
    assert Reason.RUN_DELETED == first.reason
    assert second.open
    assert {("call", 1): 1, ("call", 2): 1} == story.jobs_made


def test_a_deleted_run_is_called_anew_once_nothing_of_it_runs(new_story: NewStory) -> None:
    """Its pods have their grace period, and a retry does not start beside them."""
    outer = workflow(calls("call", retry=retries(0, infrastructure=1, seconds=0)))
    story = begun(new_story, outer)
    story.cluster.begin(story.called("call").task_runs["a"].newest())
    story.tick_all()
    story.cluster.lingering = True
    story.cluster.delete_called(story.run, "call")
    story.tick_all()
    story.pass_all(5, 10)
    assert {("call", 1): 1} == story.jobs_made
    assert "the previous attempt is still being removed" == story.log("call").message
    story.cluster.sweep()
    story.pass_all(3, 10)
    assert {("call", 1): 1, ("call", 2): 1} == story.jobs_made
    assert Reason.RUN_DELETED == story.log("call").attempts[0].reason


def test_a_missing_workflow_is_told_by_the_task(new_story: NewStory) -> None:
    """While its run waits, and in the end of the attempt."""
    story = new_story(OUTER)
    story.tick_all()
    story.tick_all()
    assert Reason.WORKFLOW_NOT_FOUND == story.reason("call")
    assert "there is no Workflow 'inner'" in story.log("call").message
    story.pass_all(6, 10)
    assert Reason.RUN_FAILED == story.attempt("call").reason
    assert "WorkflowNotFound" in story.log("call").message


# --- depth and turns --------------------------------------------------------------------------


def test_calls_end_at_a_depth(new_story: NewStory) -> None:
    """The tenth run calls none; the message shows the way."""
    story = new_story(workflow(calls("call", of="loop")))
    story.stage.add_workflow("loop", workflow(calls("again", of="back")))
    story.stage.add_workflow("back", workflow(calls("again", of="loop")))
    for _ in range(2 * DEEPEST):
        for run in tuple(story.cluster.runs.values()):
            story.tick(run)
    assert DEEPEST == len(story.cluster.runs)
    deepest = list(story.cluster.runs.values())[-1]
    (mark,) = deepest.log.marks or ()
    assert Reason.NESTED_TOO_DEEP == mark.reason
    assert "etl -> loop -> back -> loop" in mark.message
    assert (False, Reason.FAILED) == story.told
