"""What the cluster refuses to make: names that are taken, and objects that are not admitted."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import OnFailure
from support.builders import chain, on, retries, task, workflow
from support.story import NewStory


def test_a_name_that_is_taken_fails_the_task(new_story: NewStory) -> None:
    """Somebody else's Job is not touched, and not mistaken for ours."""
    story = new_story(chain("a"))
    story.cluster.refusals["a"] = (
        Reason.NAME_TAKEN,
        "Job a-1 exists and belongs to somebody else",
    )
    story.tick()
    assert (False, Reason.FAILED) == story.told
    assert Reason.NAME_TAKEN == story.reason("a")
    assert "exists and belongs to somebody else" in story.log("a").message


def test_a_job_that_the_api_server_refuses_fails_the_task_at_once(new_story: NewStory) -> None:
    """No retry can help a definition that is not admitted; the message has the server's words."""
    story = new_story(workflow(task("a", retry=retries(5))))
    story.cluster.refusals["a"] = (Reason.ADMISSION_DENIED, "spec.image: too old")
    story.tick()
    assert (False, Reason.FAILED) == story.told
    assert [Reason.ADMISSION_DENIED] == [each.reason for each in story.log("a").attempts]
    assert "spec.image: too old; no retry can help" == story.log("a").message


def test_a_refusal_is_an_attempt_each_time_it_is_met(new_story: NewStory) -> None:
    """A rule may want another try; each refusal is counted once, however often it is looked at."""
    rule = on("AdmissionDenied", then="Retry")
    story = new_story(workflow(task("a", retry=retries(2, rule, seconds=10))))
    story.cluster.refusals["a"] = (Reason.ADMISSION_DENIED, "not now")
    story.tick()
    assert 1 == story.log("a").count
    story.tick()
    assert 1 == story.log("a").count
    story.pass_time(60)
    assert (3, Reason.RETRIES_EXHAUSTED) == (story.log("a").count, story.reason("a"))


DENIED = (Reason.ADMISSION_DENIED, "a webhook says no")
TAKEN = (Reason.NAME_TAKEN, "TaskRun etl-1.a exists and belongs to somebody else")


def test_a_task_run_that_is_refused_fails_its_task_at_once(new_story: NewStory) -> None:
    """No retry can help; the run ends and tells the words, as there is no TaskRun to do so."""
    story = new_story(workflow(task("a"), task("b"), task("c", "a")))
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    story.succeed("b")
    assert (False, Reason.FAILED) == story.told
    assert {"a": Reason.ADMISSION_DENIED} == story.attention()
    assert "a webhook says no; no retry can help" in story.status.message


def test_a_task_run_whose_name_stays_taken_fails_its_task(new_story: NewStory) -> None:
    """After a minute it is nothing that a deleted run of the same name has left behind."""
    story = new_story(chain("a"))
    story.cluster.no_task_runs["a"] = TAKEN
    story.tick()
    story.pass_time(59)
    assert (None, {"a": Reason.NAME_TAKEN}) == (story.status.succeeded, story.attention())
    story.pass_time(2)
    assert (False, Reason.FAILED) == story.told
    assert "TaskRun etl-1.a exists and belongs to somebody else" in story.status.message


def test_what_a_run_of_the_same_name_left_behind_is_waited_for(new_story: NewStory) -> None:
    """Somebody deleted a run and made it anew: its old TaskRuns go a little later."""
    story = new_story(chain("a"))
    story.cluster.no_task_runs["a"] = TAKEN
    story.tick()
    story.pass_time(5)
    del story.cluster.no_task_runs["a"]
    story.pass_time(30)
    assert {"a"} == story.alive


def test_a_refused_task_run_stops_a_run_that_stops_at_a_failure(new_story: NewStory) -> None:
    """`onFailure: Stop` asks not how a task failed, and nothing starts in between."""
    definition = workflow(task("a"), task("b"), task("c", "b"), on_failure=OnFailure.STOP)
    story = new_story(definition)
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    story.succeed("b")
    assert (False, Reason.FAILED) == story.told
    assert story.status.message.startswith("a failed: AdmissionDenied: ")
    assert story.status.message.endswith("; 1 cancelled (c)")


@pytest.mark.parametrize("refusal", [DENIED, TAKEN], ids=lambda refusal: str(refusal[0]))
def test_a_task_that_could_not_be_made_stays_failed(
    new_story: NewStory, refusal: tuple[Reason, str]
) -> None:
    """Outcomes never change: not when the way is free, and not for the next controller."""
    story = new_story(workflow(task("a"), task("b")))
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


def test_a_rule_may_want_a_refused_task_run_tried_again(new_story: NewStory) -> None:
    """It waits with the words, and starts when the way is free."""
    rule = on("AdmissionDenied", then="Retry")
    story = new_story(workflow(task("a", retry=retries(1, rule, seconds=5))))
    story.cluster.no_task_runs["a"] = (Reason.ADMISSION_DENIED, "not now")
    story.tick()
    story.pass_time(600)
    assert {"a": Reason.ADMISSION_DENIED} == story.attention()
    assert 0 == story.status.counts.running

    del story.cluster.no_task_runs["a"]
    story.pass_time(60)
    assert {"a"} == story.alive
