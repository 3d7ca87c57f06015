"""What follows a failed attempt, in a run."""

import pytest

from headrace.api.v1alpha1.pod import Resources
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from support.builders import chain, on, retries, task, workflow
from support.story import NewStory


def test_a_task_that_fails_twice_and_then_succeeds(new_story: NewStory) -> None:
    """Each failure is logged with the time of the next attempt; the waits grow."""
    story = new_story(workflow(task("a", retry=retries(2, seconds=10, factor=2))))
    story.tick()
    story.fail("a", code=3)
    assert set() == story.alive
    assert Reason.WAITING_FOR_RETRY == story.reason("a")
    assert story.at(10) == story.log("a").next_attempt

    story.pass_time(9)
    assert {"a": Reason.WAITING_FOR_RETRY} == story.attention()
    assert set() == story.alive
    story.pass_time(1)
    assert {"a"} == story.alive
    story.fail("a", code=3)
    assert story.at(30) == story.log("a").next_attempt

    story.pass_time(20)
    story.succeed("a")
    assert (True, Reason.SUCCEEDED) == story.told
    assert [3, 3, 0] == [each.progress.exit_code for each in story.log("a").attempts]
    assert 2 == story.log("a").user_failures


def test_a_task_whose_retries_are_used_up_fails(new_story: NewStory) -> None:
    """The limit counts retries, and the message has the last failure."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=0))))
    story.tick()
    story.fail("a")
    story.fail("a", code=7)
    assert Outcome.FAILED == story.log("a").outcome
    assert Reason.RETRIES_EXHAUSTED == story.reason("a")
    assert (
        "NonZeroExit: ended with exit code 7; failed 2 times, retry.limit is 1"
        == story.log("a").message
    )
    assert (False, Reason.FAILED) == story.told


def test_without_a_policy_a_failure_is_final(new_story: NewStory) -> None:
    """The default limit is 0."""
    story = new_story(chain("a"))
    story.tick()
    story.fail("a")
    assert Reason.NON_ZERO_EXIT == story.reason("a")
    assert (False, Reason.FAILED) == story.told


@pytest.mark.parametrize("reason", [Reason.EVICTED, Reason.PREEMPTED, Reason.NODE_LOST])
def test_failures_of_the_infrastructure_have_a_budget_of_their_own(
    new_story: NewStory, reason: Reason
) -> None:
    """They use up no retry of the task's own, and a limit of 0 does not stop them."""
    story = new_story(workflow(task("a", retry=retries(0, infrastructure=2, seconds=0))))
    story.tick()
    for _ in range(2):
        story.fail("a", code=None, reason=reason)
        assert {"a"} == story.alive
    assert (0, 2) == (story.log("a").user_failures, story.log("a").infrastructure_failures)

    story.fail("a", code=None, reason=reason)
    assert Reason.RETRIES_EXHAUSTED == story.reason("a")


def test_a_rule_that_says_fail_leaves_retries_unused(new_story: NewStory) -> None:
    """The first rule that matches decides, before the limits do."""
    story = new_story(workflow(task("a", retry=retries(5, on(2, then="Fail")))))
    story.tick()
    story.fail("a", code=2)
    assert (False, Reason.FAILED) == story.told
    assert "ended with exit code 2; a retry rule says Fail" == story.log("a").message


def test_a_rule_that_says_ignore_does_not_count(new_story: NewStory) -> None:
    """The attempt is tried again, without end, and no budget is used."""
    story = new_story(workflow(task("a", retry=retries(0, on(75, then="Ignore"), seconds=0))))
    story.tick()
    for _ in range(14):
        story.fail("a", code=75)
    assert {"a"} == story.alive
    assert 15 == story.log("a").count + (story.log("a").attempts[-1].number == 14)
    assert 0 == story.log("a").user_failures


def test_the_log_keeps_the_last_ten_attempts_and_the_count(new_story: NewStory) -> None:
    """A task that is tried again for ever stays small."""
    story = new_story(workflow(task("a", retry=retries(0, on(75, then="Ignore"), seconds=0))))
    story.tick()
    for _ in range(12):
        story.fail("a", code=75)
    assert list(range(3, 13)) == [each.number for each in story.log("a").attempts]
    assert 12 == story.log("a").count


def test_memory_grows_after_an_oom_kill(new_story: NewStory) -> None:
    """The next attempt gets more by the rule's factor, up to its ceiling, and says how much."""
    rule = on("OOMKilled", then="Retry", memory_factor_percent=150, max_memory="1Gi")
    asks = Resources(requests={"memory": "256Mi"}, limits={"memory": "512Mi"})
    story = new_story(workflow(task("a", retry=retries(4, rule, seconds=0), resources=asks)))
    story.tick()
    given = []
    for _ in range(4):
        story.fail("a", code=137, reason=Reason.OOM_KILLED)
        given.append(story.job("a").sighting.memory)
    assert ["768Mi", "1Gi", "1Gi", "1Gi"] == given
    story.succeed("a")
    assert "1Gi" == story.attempt("a").memory


def test_the_next_attempt_waits_until_nothing_of_the_one_before_runs(new_story: NewStory) -> None:
    """Attempts of one task never overlap, and the task says what it waits for."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=0))))
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    story.cluster.delete_job(story.run, "a")
    story.tick()
    assert 1 == max(story.record("a").jobs)
    assert Reason.WAITING_FOR_RETRY == story.reason("a")
    waits = f"the previous attempt is still being removed (pod {story.pod('a')})"
    assert waits == story.log("a").message

    story.cluster.sweep()
    story.tick()
    assert 2 == max(story.record("a").jobs)


def test_the_end_of_an_attempt_is_on_record_before_the_next_one_is_made(
    new_story: NewStory,
) -> None:
    """After a crash the log says which attempt is the next."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=0))))
    story.tick()
    story.fail("a")
    assert story.cluster.writes.index("log a") < story.cluster.writes.index("start a/2")


def test_outputs_that_cannot_be_read_fail_the_attempt(new_story: NewStory) -> None:
    """The task says what is wrong with them, and is tried again like after any failure."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=0))))
    story.tick()
    story.succeed("a", output="[1, 2]")
    assert Reason.INVALID_OUTPUTS == story.log("a").attempts[0].reason
    story.succeed("a", output='{"rows": 3}')
    assert {"rows": 3} == story.log("a").outputs


def test_a_definition_that_cannot_work_is_not_tried_again(new_story: NewStory) -> None:
    """No retry can help an image whose name cannot be parsed."""
    story = new_story(workflow(task("a", retry=retries(5))))
    story.tick()
    story.fail("a", code=None, reason=Reason.INVALID_IMAGE_NAME)
    assert Reason.INVALID_IMAGE_NAME == story.reason("a")
    assert story.log("a").message.endswith("no retry can help")
    assert (False, Reason.FAILED) == story.told
