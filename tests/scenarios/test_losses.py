"""What people delete and machines lose while a run goes on."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine.outcome import Outcome
from support.builders import chain, last, on, retries, task, workflow
from support.story import Story


def test_a_job_deleted_by_hand_is_a_failed_attempt() -> None:
    """It is never a silent success; it uses the infrastructure's budget and is tried again."""
    story = Story(workflow(task("a", retry=retries(0, seconds=10))))
    story.tick()
    story.begin("a")
    story.cluster.delete_job(story.run, "a")
    story.tick()
    assert Reason.JOB_DELETED == story.attempt("a").reason
    assert (0, 1) == (story.log("a").user_failures, story.log("a").infrastructure_failures)
    story.pass_time(10)
    assert {"a"} == story.alive


def test_a_job_deleted_while_the_controller_was_down() -> None:
    """Its record says that it was there, so it is missed."""
    story = Story(workflow(task("a", retry=retries(0, seconds=0))))
    story.tick()
    story.pass_time(2)
    story.cluster.delete_job(story.run, "a")
    story.restart()
    story.tick()
    assert Reason.JOB_DELETED == story.log("a").attempts[0].reason
    assert 2 == max(story.record("a").jobs)


def test_a_job_deleted_after_its_program_succeeded_changes_nothing() -> None:
    """Terminal outcomes never change."""
    story = Story(chain("a", "b"))
    story.tick()
    story.succeed("a")
    story.cluster.delete_job(story.run, "a")
    story.tick()
    assert Outcome.SUCCEEDED == story.log("a").outcome


def test_a_deleted_task_run_fails_its_task_and_the_run() -> None:
    """A task that had started is never run again in silence."""
    story = Story(workflow(task("a"), task("b", "a"), task("c"), last("tidy")))
    story.tick()
    story.begin("a")
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.succeed("c")
    story.succeed("tidy")
    assert (False, Reason.TASK_RUN_DELETED) == story.told
    assert {"a": Reason.TASK_RUN_DELETED} == story.attention()
    assert "the TaskRun was deleted after the task had started" in story.status.message
    assert 1 == story.cluster.jobs_made["uid-etl-1", "a", 1]


def test_a_task_run_deleted_while_the_controller_was_down_is_missed() -> None:
    """The run's own status remembers which tasks were started."""
    story = Story(chain("a", "b"))
    story.tick()
    story.pass_time(1)
    story.cluster.delete_task_run(story.run, "a")
    story.restart()
    story.tick()
    assert (False, Reason.TASK_RUN_DELETED) == story.told
    assert {"a": Reason.TASK_RUN_DELETED} == story.attention()


@pytest.mark.parametrize("restarts", [False, True])
def test_finally_waits_for_what_a_deleted_task_run_leaves_behind(restarts: bool) -> None:  # noqa: FBT001 - a case
    """It never runs beside what it is to clear away, and the next controller knows that too."""
    story = Story(workflow(task("a"), last("tidy")))
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    story.pass_time(1)
    story.cluster.delete_task_run(story.run, "a")
    if restarts:
        story.restart()
    story.tick()
    assert "tidy" not in story.run.task_runs

    story.cluster.sweep()
    story.tick()
    assert {"tidy"} == story.alive


def test_no_allowance_makes_light_of_a_deleted_task_run() -> None:
    """`allowFailure` is about how a task ended, and of this one nobody knows how it did."""
    story = Story(workflow(task("a", allow_failure=True), task("b")))
    story.tick()
    story.begin("a", "b")
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.succeed("b")
    assert (False, Reason.TASK_RUN_DELETED) == story.told


def test_a_task_run_deleted_in_its_first_second_is_missed() -> None:
    """Whoever sees it vanish writes down that it was there, for whoever comes after."""
    story = Story(workflow(task("a"), task("slow")))
    story.tick()
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.pass_time(1)
    story.restart()
    story.tick()
    assert {"a": Reason.TASK_RUN_DELETED} == story.attention()
    assert 1 == story.cluster.jobs_made["uid-etl-1", "a", 1]


def test_a_run_whose_task_run_was_deleted_comes_to_rest() -> None:
    """What is told of it does not change with every look."""
    story = Story(chain("a", "b"))
    story.tick()
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    writes = len(story.cluster.writes)
    story.pass_time(3600)
    assert writes == len(story.cluster.writes)


def test_a_lost_pod_is_no_attempt_while_its_job_makes_another() -> None:
    """Disruptions are the Job controller's to repair: no budget is used."""
    story = Story(chain("a"))
    story.tick()
    story.begin("a")
    story.cluster.lose(story.job("a"))
    story.tick()
    story.begin("a")
    story.succeed("a")
    assert 1 == story.log("a").count
    assert (0, 0) == (story.log("a").user_failures, story.log("a").infrastructure_failures)
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_job_that_starts_another_pod_after_success_is_ended() -> None:
    """Its task has succeeded; what runs once more could do harm."""
    story = Story(chain("a", "b"))
    story.tick()
    story.succeed("a")
    story.cluster.haunt(story.job("a"))
    story.tick()
    assert story.job("a").sighting.leaving
    assert Outcome.SUCCEEDED == story.log("a").outcome


def test_an_attempt_that_ended_while_the_controller_was_down() -> None:
    """It is seen for the first time when it is over, and counts like any other."""
    story = Story(chain("a", "b"))
    story.tick()
    story.cluster.wait(600)
    story.cluster.end(story.job("a"), output='{"rows": 1}')
    story.restart()
    story.tick()
    assert {"rows": 1} == story.log("a").outputs
    assert {"b"} == story.alive


def test_a_name_that_is_taken_fails_the_task() -> None:
    """Somebody else's Job is not touched, and not mistaken for ours."""
    story = Story(chain("a"))
    story.cluster.refusals["a"] = (Reason.NAME_TAKEN, "Job a-1 exists and belongs to another")
    story.tick()
    assert (False, Reason.FAILED) == story.told
    assert Reason.NAME_TAKEN == story.reason("a")
    assert "Job a-1 exists and belongs to another" in story.log("a").message


def test_a_job_that_the_api_server_refuses_fails_the_task_at_once() -> None:
    """No retry can help a definition that is not admitted; the message has the server's words."""
    story = Story(workflow(task("a", retry=retries(5))))
    story.cluster.refusals["a"] = (Reason.ADMISSION_DENIED, "spec.image: too old")
    story.tick()
    assert (False, Reason.FAILED) == story.told
    assert [Reason.ADMISSION_DENIED] == [each.reason for each in story.log("a").attempts]
    assert "spec.image: too old; no retry can help" == story.log("a").message


def test_a_refusal_is_an_attempt_each_time_it_is_met() -> None:
    """A rule may want another try; each refusal is counted once, however often it is looked at."""
    rule = on("AdmissionDenied", then="Retry")
    story = Story(workflow(task("a", retry=retries(2, rule, seconds=10))))
    story.cluster.refusals["a"] = (Reason.ADMISSION_DENIED, "not now")
    story.tick()
    assert 1 == story.log("a").count
    story.tick()
    assert 1 == story.log("a").count
    story.pass_time(60)
    assert (3, Reason.RETRIES_EXHAUSTED) == (story.log("a").count, story.reason("a"))


DENIED = (Reason.ADMISSION_DENIED, "a webhook says no")
TAKEN = (Reason.NAME_TAKEN, "TaskRun etl-1-a belongs to another")


def test_a_task_run_that_is_refused_fails_its_task_at_once() -> None:
    """No retry can help; the run ends and tells the words, as there is no TaskRun to do so."""
    story = Story(workflow(task("a"), task("b"), task("c", "a")))
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    story.succeed("b")
    assert (False, Reason.FAILED) == story.told
    assert {"a": Reason.ADMISSION_DENIED} == story.attention()
    assert "a webhook says no; no retry can help" in story.status.message


def test_a_task_run_whose_name_stays_taken_fails_its_task() -> None:
    """After a minute it is nothing that a deleted run of the same name has left behind."""
    story = Story(chain("a"))
    story.cluster.no_task_runs["a"] = TAKEN
    story.tick()
    story.pass_time(59)
    assert (None, {"a": Reason.NAME_TAKEN}) == (story.status.succeeded, story.attention())
    story.pass_time(2)
    assert (False, Reason.FAILED) == story.told
    assert "TaskRun etl-1-a belongs to another" in story.status.message


def test_what_a_run_of_the_same_name_left_behind_is_waited_for() -> None:
    """Somebody deleted a run and made it anew: its old TaskRuns go a little later."""
    story = Story(chain("a"))
    story.cluster.no_task_runs["a"] = TAKEN
    story.tick()
    story.pass_time(5)
    del story.cluster.no_task_runs["a"]
    story.pass_time(30)
    assert {"a"} == story.alive


def test_a_refused_task_run_stops_a_run_that_stops_at_a_failure() -> None:
    """`onFailure: Stop` asks not how a task failed, and nothing starts in between."""
    definition = workflow(task("a"), task("b"), task("c", "b"), on_failure=OnFailure.STOP)
    story = Story(definition)
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    story.succeed("b")
    assert (False, Reason.FAILED) == story.told
    assert story.status.message.startswith("a failed: AdmissionDenied: ")
    assert story.status.message.endswith("; 1 cancelled (c)")


@pytest.mark.parametrize("refusal", [DENIED, TAKEN], ids=lambda refusal: str(refusal[0]))
def test_a_task_that_could_not_be_made_stays_failed(refusal: tuple[Reason, str]) -> None:
    """Outcomes never change: not when the way is free, and not for the next controller."""
    story = Story(workflow(task("a"), task("b")))
    story.cluster.no_task_runs["a"] = refusal
    story.tick()
    story.pass_time(62)
    del story.cluster.no_task_runs["a"]
    story.restart()
    story.pass_time(60)
    story.succeed("b")
    assert (False, Reason.FAILED) == story.told
    assert {"a": refusal[0]} == story.attention()
    assert {"b"} == story.run.task_runs.keys()


def test_a_rule_may_want_a_refused_task_run_tried_again() -> None:
    """It waits with the words, and starts when the way is free."""
    rule = on("AdmissionDenied", then="Retry")
    story = Story(workflow(task("a", retry=retries(1, rule, seconds=5))))
    story.cluster.no_task_runs["a"] = (Reason.ADMISSION_DENIED, "not now")
    story.tick()
    story.pass_time(600)
    assert {"a": Reason.ADMISSION_DENIED} == story.attention()
    assert 0 == story.status.counts.running

    del story.cluster.no_task_runs["a"]
    story.pass_time(60)
    assert {"a"} == story.alive


def test_a_run_that_lost_its_definition_ends_what_it_began() -> None:
    """Nothing can be decided any more, so nothing goes on running."""
    story = Story(chain("a", "b"))
    story.tick()
    story.begin("a")
    story.run.refusal = (Reason.REVISION_NOT_FOUND, "ControllerRevision etl-x was deleted")
    story.tick()
    assert (False, Reason.REVISION_NOT_FOUND) == story.told
    assert Outcome.CANCELLED == story.log("a").outcome
    assert set() == story.alive


@pytest.mark.parametrize("output", ["not json", '{"a": NaN}', '{"a": 1e999}', '"\\ud800"'])
def test_no_output_can_stop_the_controller(output: str) -> None:
    """What cannot be kept in a status is a failure of the attempt."""
    story = Story(chain("a"))
    story.tick()
    story.succeed("a", output=output)
    assert Reason.INVALID_OUTPUTS == story.reason("a")
