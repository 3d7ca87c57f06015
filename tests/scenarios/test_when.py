"""Tasks with a condition, and variables whose values are worked out: `when`, and `${{ }}`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.outcome import Outcome
from support.builders import last, param, retries, task, workflow
from support.story import NewStory, Story

ROWS = "tasks.a.outputs.rows > 0"


def env(value: str, name: str = "X") -> dict[str, Any]:
    """Return the fields of a task with one variable."""
    return {"env": (EnvVar(name=name, value=value),)}


def given(story: Story, name: str) -> str:
    """Return what a task's program gets in the variable X."""
    return story.record(name).env["X"]


@pytest.mark.parametrize(("rows", "runs"), [(3, True), (0, False)])
def test_a_task_runs_if_its_condition_is_true(
    new_story: NewStory, rows: int, *, runs: bool
) -> None:
    """The condition reads what a task upstream wrote."""
    story = new_story(workflow(task("a"), task("b", "a", when=ROWS)))
    story.tick()
    story.succeed("a", output=f'{{"rows": {rows}}}')
    assert runs == ("b" in story.run.task_runs)
    if runs:
        story.succeed("b")
    assert (True, Reason.SUCCEEDED) == story.told
    assert (1 - runs) == story.status.counts.skipped
    assert ("" if runs else "1 skipped (b)") == story.status.message


def test_a_skipped_task_is_on_record_as_skipped(new_story: NewStory) -> None:
    """It has a mark and no TaskRun, and stays skipped after a restart without being asked again."""
    story = new_story(workflow(task("a"), task("b", "a", when=ROWS), task("slow")))
    story.tick()
    story.succeed("a", output='{"rows": 0}')
    story.pass_time(5)
    (mark,) = story.status.marks or ()
    assert (Outcome.SKIPPED, Reason.SKIPPED, "", "1") == (
        *(mark.outcome, mark.reason, mark.message, mark.positions),
    )
    story.restart()
    assert () == story.decision().actions
    story.succeed("slow")
    assert (True, Reason.SUCCEEDED) == story.told


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("AllSucceeded", False),
        ("AllFailed", False),
        ("AllDone", True),
        ("AllDoneMinOneSucceeded", False),
        ("AllSkipped", True),
        ("OneFailed", False),
        ("OneSucceeded", False),
        ("OneDone", False),
        ("NoneFailed", True),
        ("NoneFailedMinOneSucceeded", False),
        ("NoneSkipped", False),
        ("Always", True),
    ],
)
def test_each_rule_after_a_skipped_task(new_story: NewStory, rule: str, *, starts: bool) -> None:
    """A skipped task counts as skipped, as in the table of the reference."""
    story = new_story(workflow(task("a", when="false"), task("b", "a", rule=rule)))
    story.tick()
    story.pass_time(2)
    assert starts == ("b" in story.run.task_runs)
    assert 1 == story.status.counts.skipped
    assert (not starts) == story.status.counts.omitted


def test_a_branch_that_was_not_taken_ends_in_a_join(new_story: NewStory) -> None:
    """One of two branches runs, and the task after both runs too."""
    story = new_story(
        workflow(
            task("a"),
            task("many", "a", when="tasks.a.outputs.rows > 9"),
            task("few", "a", when="tasks.a.outputs.rows <= 9"),
            task("join", "many", "few", rule="NoneFailedMinOneSucceeded"),
        )
    )
    story.tick()
    story.succeed("a", output='{"rows": 12}')
    assert {"many"} == story.alive
    story.succeed("many")
    assert {"join"} == story.alive
    story.succeed("join")
    assert (True, Reason.SUCCEEDED) == story.told
    assert "1 skipped (few)" == story.status.message


def test_a_condition_without_a_value_fails_the_task(new_story: NewStory) -> None:
    """The message says where it went wrong; who waits for a failure goes on."""
    story = new_story(
        workflow(task("a"), task("b", "a", when=ROWS), task("alert", "b", rule="OneFailed"))
    )
    story.tick()
    story.succeed("a", output="{}")
    assert {"alert"} == story.alive
    assert {"b": Reason.INVALID_EXPRESSION} == story.attention()
    story.restart()
    story.succeed("alert")
    assert (False, Reason.FAILED) == story.told
    assert "b failed: InvalidExpression: when: column" in story.status.message
    assert "rows" in story.status.message


def test_a_failed_condition_may_be_allowed(new_story: NewStory) -> None:
    """As any failure of a task."""
    story = new_story(workflow(task("a"), task("b", "a", when=ROWS, allow_failure=True)))
    story.tick()
    story.succeed("a")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_program_gets_the_value_of_an_expression(new_story: NewStory) -> None:
    """Also what a task further up wrote, and what the run was given."""
    value = "${{ params.day }}: ${{ tasks.a.outputs.rows }} rows of ${{ run.workflow }}"
    definition = workflow(
        task("a"), task("b", "a"), task("c", "b", **env(value)), params=(param("day"),)
    )
    story = new_story(definition, given={"day": "monday"})
    story.tick()
    story.succeed("a", output='{"rows": 3}')
    story.succeed("b")
    assert "monday: 3 rows of etl" == given(story, "c")


HOSTILE = (
    "$(HOME) $$(HOME) $$ ${HOME}",
    "${{ tasks.a.outputs.rows }}",
    "{{ }} }} \\ \" ' ` ; rm -rf",
    "line\nline\ttab \u202e \U0001f600 é",
    "",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_never_read_again(new_story: NewStory, text: str) -> None:
    """Whatever stands in a parameter, it arrives as it is."""
    definition = workflow(
        task("a", **env("${{ params.day }}"), retry=retries(1, seconds=0)),
        params=(param("day"),),
    )
    story = new_story(definition, given={"day": text})
    story.tick()
    assert text == given(story, "a")
    story.restart()
    story.fail("a")
    story.pass_time(2)
    assert text == given(story, "a")


def test_a_retry_has_the_values_of_the_first_attempt(new_story: NewStory) -> None:
    """Also after a restart, and when a task that they could read has another end by then."""
    story = new_story(
        workflow(
            task("a"),
            task("b", "a", **env("${{ tasks.a.outputs.rows }}"), retry=retries(1, seconds=10)),
        )
    )
    story.tick()
    story.succeed("a", output='{"rows": 3}')
    story.pass_time(5)
    story.fail("b")
    story.cluster.delete_task_run(story.run, "a")
    story.restart()
    story.pass_time(30)
    assert 2 == story.log("b").count
    assert "3" == given(story, "b")


def test_an_expression_waits_for_the_task_that_it_reads(new_story: NewStory) -> None:
    """Whatever `runWhen` says: it reads ends only, so it gives the same after a crash."""
    story = new_story(
        workflow(task("a"), task("b", "a", rule="Always", when="tasks.a.outcome == 'Failed'"))
    )
    story.tick()
    assert {"a"} == story.alive
    story.fail("a")
    assert {"b"} == story.alive


def test_a_variable_that_no_program_can_get_fails_the_task(new_story: NewStory) -> None:
    """A NUL character would end the text there."""
    story = new_story(workflow(task("a"), task("b", "a", **env("${{ tasks.a.outputs.x }}"))))
    story.tick()
    story.succeed("a", output='{"x": "a\\u0000b"}')
    assert {"b": Reason.INVALID_EXPRESSION} == story.attention()
    assert "env X: " in story.status.message


def test_a_condition_protects_the_variables(new_story: NewStory) -> None:
    """What the condition asks for need not be there if the task is skipped."""
    story = new_story(
        workflow(
            task("a"),
            task("b", "a", when="has(tasks.a.outputs.x)", **env("${{ tasks.a.outputs.x }}")),
        )
    )
    story.tick()
    story.succeed("a")
    assert (True, Reason.SUCCEEDED) == story.told
    assert 1 == story.status.counts.skipped


def test_a_finally_task_may_have_a_condition(new_story: NewStory) -> None:
    """It may read all tasks, in whatever way they ended."""
    story = new_story(
        workflow(
            task("a", allow_failure=True),
            task("b", "a"),
            last("tell", when="tasks.a.outcome == 'Failed'", **env("${{ tasks.b.outcome }}")),
            last("sing", when="tasks.a.outcome == 'Succeeded'"),
        )
    )
    story.tick()
    story.fail("a")
    assert {"tell"} == story.alive
    assert "Omitted" == given(story, "tell")
    story.succeed("tell")
    assert (True, Reason.SUCCEEDED) == story.told
    assert 1 == story.status.counts.skipped


@pytest.mark.parametrize("desired", [DesiredState.PAUSE, DesiredState.STOP, DesiredState.CANCEL])
def test_a_steered_run_skips_nothing(new_story: NewStory, desired: DesiredState) -> None:
    """A paused run decides nothing new; in one that stops, what never began was kept from it."""
    story = new_story(workflow(task("a"), task("slow"), task("b", "a", when=ROWS)))
    story.tick()
    story.begin("a", "slow")
    story.steer(desired)
    if desired is DesiredState.CANCEL:
        assert 0 == story.status.counts.skipped
        return
    story.succeed("a", output='{"rows": 0}')
    story.pass_time(2)
    assert 0 == story.status.counts.skipped
    story.steer(DesiredState.RUN if desired is DesiredState.PAUSE else desired)
    story.succeed("slow")
    assert (desired is DesiredState.PAUSE) == story.status.counts.skipped


def test_declared_outputs_are_checked_at_the_end(new_story: NewStory) -> None:
    """A wrong type is a failure of the attempt, and may be tried again."""
    outputs = ({"name": "rows", "type": "Integer"},)
    story = new_story(
        workflow(task("a", outputs=outputs, retry=retries(1, seconds=0)), task("b", "a", when=ROWS))
    )
    story.tick()
    story.succeed("a", output='{"rows": "3"}')
    story.pass_time(2)
    assert Reason.INVALID_OUTPUTS == story.log("a").attempts[0].reason
    story.succeed("a", output='{"rows": 3}')
    assert {"b"} == story.alive


def test_a_value_costs_one_write_fewer_than_a_task(new_story: NewStory) -> None:
    """Evaluation itself writes nothing."""
    plain = new_story(workflow(task("a")))
    plain.tick()
    story = Story(workflow(task("a", when="true", **env("${{ run.name }}"))))
    story.tick()
    assert len(plain.cluster.writes) >= len(story.cluster.writes)
