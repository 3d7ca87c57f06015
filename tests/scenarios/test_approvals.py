"""Questions to people: who answers, when, and what becomes of a question that nobody answers."""

import pytest

from headrace.api.v1alpha1.approval import Approvers
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.task import Defaults, TaskTimeouts
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from support.builders import asking, last, limits, on, retries, task, workflow
from support.fake_cluster import CrashError, Fault
from support.story import NewStory, Story, turn

BY_ALICE = Approvers(users=("alice",))
DELAY = 3600


def gate(**asked: object) -> Definition:
    """Return a workflow of a question and a task behind it."""
    return workflow(asking("ask", **asked), task("deploy", "ask"))


def asked(new_story: NewStory, **fields: object) -> Story:
    """Return a story in which people are asked."""
    story = new_story(gate(**fields))
    story.tick()
    return story


def test_a_question_waits_for_its_answer_and_says_so(new_story: NewStory) -> None:
    """The TaskRun has the question and the choices, and the run shows that it needs somebody."""
    story = asked(new_story, message="Deploy to production?")
    story.pass_time(100 * DELAY)
    assert Reason.WAITING_FOR_APPROVAL == story.reason("ask")
    assert "Deploy to production? (answer approve or reject in Approval" in story.log("ask").message
    assert {"ask": Reason.WAITING_FOR_APPROVAL} == story.attention()
    assert (None, Reason.RUNNING) == story.told
    assert (1, 1) == (story.status.counts.running, story.status.counts.pending)


def test_what_somebody_chose_is_an_output(new_story: NewStory) -> None:
    """With who chose it and why; the tasks behind the question go on."""
    story = asked(new_story)
    story.answer("ask", "approve", comment="looks good")
    want = {"choice": "approve", "by": "alice", "comment": "looks good"}
    assert want == story.log("ask").outputs
    assert "alice chose approve: looks good" == story.log("ask").message
    story.succeed("deploy")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_rejection_fails_the_task_so_that_nothing_behind_it_starts(new_story: NewStory) -> None:
    """Also without a `when` on those tasks; no limit of retries asks again."""
    story = asked(new_story, retry=retries(3, seconds=0))
    story.answer("ask", "reject", comment="not today")
    assert (False, Reason.FAILED) == story.told
    assert (Outcome.FAILED, Reason.REJECTED) == (story.log("ask").outcome, story.reason("ask"))
    assert "alice chose reject: not today" in story.log("ask").message
    assert 1 == story.status.counts.omitted


@pytest.mark.parametrize(
    ("fields", "choice", "want"),
    [
        ({"fail_on": ()}, "reject", Outcome.SUCCEEDED),
        ({"choices": ("eu", "us", "reject")}, "us", Outcome.SUCCEEDED),
        ({"choices": ("eu", "us", "reject")}, "reject", Outcome.FAILED),
        ({"choices": ("eu", "us"), "fail_on": ("us",)}, "us", Outcome.FAILED),
        ({"choices": ("go-on",)}, "go-on", Outcome.SUCCEEDED),
    ],
    ids=[
        "no choice fails the task",
        "a choice of the author's own",
        "reject among other choices",
        "a choice that is said to fail the task",
        "an acknowledgement",
    ],
)
def test_the_author_says_which_choices_fail_the_task(
    new_story: NewStory, fields: dict[str, object], choice: str, want: Outcome
) -> None:
    """Without a word, only `reject` does."""
    story = asked(new_story, **fields)
    story.answer("ask", choice)
    assert want == story.log("ask").outcome


def test_conditions_read_the_choice(new_story: NewStory) -> None:
    """One branch for each choice; the other is skipped."""
    read = "tasks.ask.outputs.choice == '{}'"
    story = new_story(
        workflow(
            asking("ask", choices=("eu", "us")),
            task("eu", "ask", when=read.format("eu")),
            task("us", "ask", when=read.format("us")),
        )
    )
    story.tick()
    story.answer("ask", "us")
    story.tick()
    story.succeed("us")
    assert (True, 1) == (story.status.succeeded, story.status.counts.skipped)


def test_a_question_can_name_what_it_is_about(new_story: NewStory) -> None:
    """Expressions in the message are evaluated once; a question asked again is the same."""
    about = "Load ${{ tasks.count.outputs.rows }} rows?"
    story = new_story(workflow(task("count"), asking("ask", "count", message=about)))
    story.tick()
    story.succeed("count", output='{"rows": 7}')
    story.tick()
    assert "Load 7 rows? (answer approve or reject" in story.log("ask").message
    story.cluster.delete_job(story.run, "ask")
    story.pass_time(60)
    assert 2 == story.log("ask").count
    assert "Load 7 rows? (answer approve or reject" in story.log("ask").message


# --- the deadline -----------------------------------------------------------------------------


def test_without_an_answer_in_time_the_task_fails(new_story: NewStory) -> None:
    """At the deadline, and not before; a limit of retries does not ask again."""
    story = asked(new_story, timeout_seconds=DELAY, retry=retries(3, seconds=0))
    story.pass_time(DELAY - 1)
    assert Reason.WAITING_FOR_APPROVAL == story.reason("ask")
    story.pass_time(2)
    assert (False, Reason.FAILED) == story.told
    assert Reason.APPROVAL_TIMEOUT == story.reason("ask")
    assert "nobody answered until" in story.log("ask").message
    assert set() == story.alive


def test_a_rule_asks_again(new_story: NewStory) -> None:
    """`reasons: [ApprovalTimeout]` is a reminder, with a deadline of its own."""
    rule = on("ApprovalTimeout", then="Retry")
    policy = retries(1, rule, seconds=0)
    story = asked(new_story, timeout_seconds=DELAY, retry=policy)
    story.pass_time(DELAY + 5)
    assert (2, Reason.WAITING_FOR_APPROVAL) == (story.log("ask").count, story.reason("ask"))
    story.answer("ask", "approve")
    assert Outcome.SUCCEEDED == story.log("ask").outcome


@pytest.mark.parametrize(
    ("choice", "want"), [("approve", Outcome.SUCCEEDED), ("reject", Outcome.FAILED)]
)
def test_a_choice_may_count_without_an_answer(
    new_story: NewStory, choice: str, want: Outcome
) -> None:
    """The choice is as good as one of a person, and it is said that nobody gave it."""
    story = asked(new_story, timeout_seconds=DELAY, on_timeout=choice)
    story.pass_time(DELAY + 1)
    assert want == story.log("ask").outcome
    assert f"so {choice} counts (onTimeout)" in story.log("ask").message
    if want is Outcome.SUCCEEDED:
        assert {"choice": choice, "by": "", "comment": ""} == story.log("ask").outputs


def test_a_deadline_holds_while_no_controller_runs(new_story: NewStory) -> None:
    """The task ended at the deadline, not when somebody noticed."""
    story = asked(new_story, timeout_seconds=DELAY)
    story.cluster.wait(10 * DELAY)
    story.restart()
    story.tick()
    finished = story.attempt("ask").finished
    assert finished is not None
    assert DELAY >= (finished - story.at(0)).total_seconds() >= DELAY - 1
    assert Reason.APPROVAL_TIMEOUT == story.reason("ask")


def test_an_answer_after_the_deadline_counts_for_nothing(new_story: NewStory) -> None:
    """Also if nobody had noticed yet that the time was over."""
    story = asked(new_story, timeout_seconds=DELAY)
    story.cluster.wait(DELAY + 10)
    story.answer("ask", "approve")
    assert Reason.APPROVAL_TIMEOUT == story.reason("ask")


def test_an_answer_in_time_counts_whenever_it_is_seen(new_story: NewStory) -> None:
    """The controller was down when somebody answered, and for long after the deadline."""
    story = asked(new_story, timeout_seconds=DELAY)
    story.cluster.wait(DELAY - 10)
    story.cluster.answer(story.job("ask"), "approve")
    story.cluster.wait(DELAY)
    story.restart()
    story.tick()
    assert Outcome.SUCCEEDED == story.log("ask").outcome


# --- ends that are no answers -----------------------------------------------------------------


@pytest.mark.parametrize("desired", [DesiredState.CANCEL, DesiredState.TERMINATE])
def test_a_cancelled_run_asks_no_longer(new_story: NewStory, desired: DesiredState) -> None:
    """The question is closed, and an answer that comes later changes nothing."""
    story = asked(new_story)
    story.steer(desired)
    story.pass_time(2)
    assert False is story.status.succeeded
    assert (Outcome.CANCELLED, set()) == (story.log("ask").outcome, story.alive)
    before = story.log("ask")
    story.answer("ask", "approve")
    assert before == story.log("ask")
    assert "deploy" not in story.outcomes


def test_a_stopping_run_asks_no_longer(new_story: NewStory) -> None:
    """A program may end its work; a question has none, and nothing would follow its answer."""
    story = new_story(workflow(asking("ask"), task("beside"), last("tidy")))
    story.tick()
    story.steer(DesiredState.STOP)
    assert (Outcome.CANCELLED, {"beside"}) == (story.log("ask").outcome, story.alive)
    story.succeed("beside")
    story.succeed("tidy")
    assert (False, Reason.STOPPED) == story.told


def test_a_question_is_withdrawn_when_a_failure_stops_the_run(new_story: NewStory) -> None:
    """`onFailure: Stop`: people are not asked for what cannot be done any more."""
    definition = workflow(asking("ask"), task("beside"), on_failure="Stop")
    story = new_story(definition)
    story.tick()
    story.fail("beside")
    assert (Outcome.CANCELLED, set()) == (story.log("ask").outcome, story.alive)
    assert (False, Reason.FAILED) == story.told


def test_a_question_of_a_tidy_up_task_outlives_the_stop(new_story: NewStory) -> None:
    """`finally` tasks run after a stop, and so they ask."""
    story = new_story(workflow(task("a"), last("keep", approval=asking("x").approval)))
    story.tick()
    story.steer(DesiredState.STOP)
    story.succeed("a")
    assert Reason.WAITING_FOR_APPROVAL == story.reason("keep")
    story.answer("keep", "approve")
    assert Outcome.SUCCEEDED == story.log("keep").outcome


def test_a_paused_run_takes_the_answer_and_starts_nothing(new_story: NewStory) -> None:
    """What is behind the question waits until the run goes on."""
    story = asked(new_story)
    story.steer(DesiredState.PAUSE)
    story.answer("ask", "approve")
    assert Outcome.SUCCEEDED == story.log("ask").outcome
    assert "deploy" not in story.outcomes
    story.steer(DesiredState.RUN)
    story.succeed("deploy")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_question_counts_against_the_time_of_its_task(new_story: NewStory) -> None:
    """`timeouts.totalSeconds` ends it, and the question is closed."""
    story = asked(new_story, timeouts=TaskTimeouts(total_seconds=60))
    story.pass_time(61)
    assert (Reason.TASK_TIMEOUT, set()) == (story.reason("ask"), story.alive)


def test_pending_time_is_for_programs(new_story: NewStory) -> None:
    """Nobody is expected to answer within the time in which a container must start."""
    usual = Defaults(image="busybox", timeouts=limits(pending=5))
    story = new_story(workflow(asking("ask"), defaults=usual))
    story.tick()
    story.pass_time(100)
    assert Reason.WAITING_FOR_APPROVAL == story.reason("ask")


def test_a_question_that_somebody_deleted_is_asked_again(new_story: NewStory) -> None:
    """As a Job that was deleted is made again: within the limit for the infrastructure."""
    story = asked(new_story, retry=retries(infrastructure=1, seconds=5))
    story.cluster.delete_job(story.run, "ask")
    story.pass_time(10)
    assert (2, Reason.WAITING_FOR_APPROVAL) == (story.log("ask").count, story.reason("ask"))
    assert Reason.APPROVAL_DELETED == story.log("ask").attempts[0].reason
    story.cluster.delete_job(story.run, "ask")
    story.tick()
    assert (Outcome.FAILED, Reason.RETRIES_EXHAUSTED) == (
        *(story.log("ask").outcome, story.reason("ask")),
    )


def test_a_question_that_was_deleted_while_no_controller_ran_is_asked_again(
    new_story: NewStory,
) -> None:
    """A list says nothing of what is gone, so the API server is asked."""
    story = asked(new_story, retry=retries(seconds=5))
    story.pass_time(5)
    story.cluster.delete_job(story.run, "ask")
    story.restart()
    story.tick()
    story.pass_time(20)
    assert (2, Reason.WAITING_FOR_APPROVAL) == (story.log("ask").count, story.reason("ask"))


def test_an_answer_counts_although_its_question_was_deleted(new_story: NewStory) -> None:
    """Somebody answered, and then the Approval went, before anybody looked."""
    story = asked(new_story)
    story.cluster.answer(story.job("ask"), "approve")
    story.cluster.delete_job(story.run, "ask")
    story.tick()
    assert Outcome.SUCCEEDED == story.log("ask").outcome


def test_a_name_that_is_taken_fails_the_task(new_story: NewStory) -> None:
    """Somebody else's Approval is not mistaken for ours."""
    story = new_story(gate())
    story.cluster.refusals["ask"] = (
        *(Reason.NAME_TAKEN, "Approval ask-1 exists and belongs to somebody else"),
    )
    story.tick()
    assert Reason.NAME_TAKEN == story.reason("ask")


def test_tidy_up_tasks_can_ask_too(new_story: NewStory) -> None:
    """A question in `finally` comes after all other tasks."""
    story = new_story(workflow(task("a"), last("keep", approval=asking("x").approval)))
    story.tick()
    story.fail("a")
    assert Reason.WAITING_FOR_APPROVAL == story.reason("keep")
    story.answer("keep", "approve")
    assert (False, Reason.FAILED) == story.told


# --- approvers --------------------------------------------------------------------------------


def test_a_question_with_approvers_waits_for_the_policy_that_guards_it(
    new_story: NewStory,
) -> None:
    """Before that, nobody could be kept from answering; so nobody is asked."""
    story = new_story(gate(approvers=BY_ALICE))
    story.cluster.guarded = False
    story.tick()
    assert Reason.APPROVAL_NOT_GUARDED == story.reason("ask")
    assert {} == story.jobs_made
    story.pass_time(10)
    assert Reason.APPROVAL_NOT_GUARDED == story.attention()["ask"]
    story.cluster.guarded = True
    story.pass_time(31)
    assert Reason.WAITING_FOR_APPROVAL == story.reason("ask")
    story.answer("ask", "approve")
    assert Outcome.SUCCEEDED == story.log("ask").outcome


def test_an_answer_from_a_time_without_the_policy_does_not_count(new_story: NewStory) -> None:
    """Anybody could have given it. The question is asked again, once the policy is back."""
    story = asked(new_story, approvers=BY_ALICE, retry=retries(seconds=1))
    story.cluster.guarded = False
    story.answer("ask", "approve", by="alice")
    story.pass_time(5)
    assert Reason.APPROVAL_NOT_GUARDED == story.log("ask").attempts[0].reason
    assert None is story.log("ask").outcome
    story.cluster.guarded = True
    story.pass_time(60)
    story.answer("ask", "approve", by="alice")
    assert (2, Outcome.SUCCEEDED) == (story.log("ask").count, story.log("ask").outcome)


def test_without_approvers_and_policy_the_choice_counts_and_the_name_does_not(
    new_story: NewStory,
) -> None:
    """Whom the roles of the namespace let answer may answer; but names could be anybody's."""
    story = new_story(gate())
    story.cluster.guarded = False
    story.tick()
    story.answer("ask", "approve", by="the boss")
    assert {"choice": "approve", "by": "", "comment": ""} == story.log("ask").outputs


# --- crashes ----------------------------------------------------------------------------------


def test_who_answers_a_question_that_is_not_recorded_yet_is_not_forgotten(
    new_story: NewStory,
) -> None:
    """The controller ends between the question and its record: the answer counts with its name."""
    story = new_story(gate(approvers=BY_ALICE))
    story.cluster.faults = dict.fromkeys(range(1, 9), Fault.CRASH_AFTER)
    while story.cluster.writes[-1:] != ["ask ask/1"]:
        with pytest.raises(CrashError):
            story.tick()
        story.restart()
    story.cluster.faults = {}
    story.cluster.answer(story.job("ask"), "approve")
    turn(story)
    story.answer("ask", "approve")  # Who was refused tries again.
    assert {"choice": "approve", "by": "alice", "comment": ""} == story.log("ask").outputs
    assert {("ask", 1): 1, ("deploy", 1): 1} == story.jobs_made


LIFE = workflow(
    asking("ask", approvers=BY_ALICE, timeout_seconds=60, on_timeout="approve"),
    asking(
        "again", "ask", timeout_seconds=60, retry=retries(1, on("ApprovalTimeout", then="Retry"))
    ),
    task("deploy", "again", when="tasks.again.outputs.choice == 'approve'"),
)


def live(story: Story) -> None:
    """Answer the first question, let the second time out once, and let the rest go well."""
    for _ in range(40):
        turn(story)
        if story.status.finished is not None:
            return
        if "ask" in story.alive:
            story.cluster.answer(story.job("ask"), "approve")
        elif "again" in story.alive and story.job("again").sighting.number == 2:
            story.cluster.answer(story.job("again"), "approve")
        elif "deploy" in story.alive and story.job("deploy").sighting.ending is None:
            story.cluster.end(story.job("deploy"))
        story.cluster.wait(10)
    raise AssertionError("the run does not end")


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("write", range(1, 26))
def test_a_fault_at_any_write_makes_no_second_question(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Same outcomes, and one Approval for each attempt."""
    story = new_story(LIFE)
    story.cluster.faults = {write: fault}
    live(story)
    assert (True, Reason.SUCCEEDED) == story.told
    assert {("ask", 1): 1, ("again", 1): 1, ("again", 2): 1, ("deploy", 1): 1} == story.jobs_made
    assert [Reason.APPROVAL_TIMEOUT, Reason.SUCCEEDED] == [
        each.reason for each in story.log("again").attempts
    ]
