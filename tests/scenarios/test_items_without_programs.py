"""Waits, runs and questions over items: each item ends, fails and is done again on its own."""

from typing import Any

import pytest

from headrace.api.v1alpha1.approval import Approvers
from headrace.api.v1alpha1.for_each import MAX_CHILDREN, ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.task.items import ItemsLog
from headrace.kube.errors import StaleError, UnreachableError
from support import fake_world
from support.builders import (
    asking,
    calls,
    output,
    param,
    pause,
    retries,
    task,
    workflow,
)
from support.fake_cluster import CrashError, FakeJob, FakeRun, Fault, LostAnswerError
from support.story import NewStory, Story

R = Reason
TROUBLES = (fake_world.StaleError, LostAnswerError, StaleError, UnreachableError)
"""What ends a turn, and not the process."""
ABC = {"items": ("a", "b", "c")}
GIVEN = param("word", default="none")
INNER = workflow(task("one"), params=(GIVEN,), outputs=(output("said", "params.word + '!'"),))


def each(most: int | None = None, tolerated: int | str = 0, **named: Any) -> ForEach:
    """Return three items, or others, so many at a time."""
    return ForEach(**(named or ABC), max_parallel=most, tolerated_failures=tolerated)


def calling(for_each: ForEach | None = None, **more: Any) -> Definition:
    """Return a workflow that calls another one for each item, and a task after it."""
    passed = {"word": "${{ item }}"}
    call = calls("call", for_each=for_each or each(), params=passed, **more)
    return workflow(call, task("after", "call"), params=(param("list", default="x,y"),))


def asks(for_each: ForEach | None = None, **more: Any) -> Definition:
    """Return a workflow that asks for each item, and a task after it."""
    question = asking("ask", message="Load ${{ item }}?", for_each=for_each or each(), **more)
    return workflow(question, task("after", "ask"))


def begun(new_story: NewStory, definition: Definition, inner: Definition = INNER) -> Story:
    """Return a run whose items have begun."""
    story = new_story(definition)
    story.stage.add_workflow("inner", inner)
    story.tick_all()
    story.pass_all(3)  # Until what has begun is on record.
    return story


def children(story: Story, name: str, number: int = 1) -> dict[int, FakeRun | FakeJob]:
    """Return the runs or the questions of an attempt's items, by index."""
    made = story.record(name).children.items()
    return {
        index: child
        for (attempt, index), child in sorted(made, key=lambda each: each[0])
        if attempt == number
    }


def end(story: Story, index: int, code: int = 0, number: int = 1) -> None:
    """Let the only task of an item's run end."""
    run = children(story, "call", number)[index]
    assert isinstance(run, FakeRun)
    story.cluster.end(run.task_runs["one"].newest(), code)
    story.tick_all()


def answer(story: Story, index: int, choice: str = "approve", number: int = 1) -> None:
    """Let somebody answer the question about an item."""
    asked = children(story, "ask", number)[index]
    assert isinstance(asked, FakeJob)
    story.cluster.answer(asked, choice)
    story.tick_all()


def items(story: Story, name: str) -> ItemsLog:
    """Return the items on record."""
    found = story.log(name).items
    assert found is not None
    return found


def shown(story: Story, name: str) -> dict[str, str]:
    """Return the items on record as a status shows them."""
    fields = ("succeeded", "failed", "retrying", "running")
    log = items(story, name)
    return {field: str(getattr(log, field)) for field in fields if getattr(log, field)}


# --- runs -------------------------------------------------------------------------------------


def test_each_item_has_a_run_of_its_own_with_the_values_of_the_item(new_story: NewStory) -> None:
    """All of them at once, where nothing says how many."""
    story = begun(new_story, calling())
    runs = children(story, "call")
    assert [{"word": "a"}, {"word": "b"}, {"word": "c"}] == [run.given for run in runs.values()]
    assert {"running": "0-2"} == shown(story, "call")
    assert "after" not in story.run.task_runs


def test_outputs_of_the_runs_stand_in_order(new_story: NewStory) -> None:
    """Whichever ends first. What waits for the task starts after the last one."""
    story = begun(new_story, calling())
    for index in (2, 0, 1):
        end(story, index)
    said = [{"said": "a!"}, {"said": "b!"}, {"said": "c!"}]
    assert {"items": said, "count": 3} == story.log("call").outputs
    assert Outcome.SUCCEEDED is story.log("call").outcome
    assert {"after"} == story.alive


def test_only_so_many_runs_go_on_at_a_time(new_story: NewStory) -> None:
    """The next item starts when one ends, in the order of the list."""
    story = begun(new_story, calling(each(2)))
    assert [0, 1] == list(children(story, "call"))
    end(story, 1)
    assert [0, 1, 2] == list(children(story, "call"))
    end(story, 0)
    end(story, 2)
    assert Outcome.SUCCEEDED is story.log("call").outcome


def test_only_the_failed_item_runs_again_and_keeps_its_index(new_story: NewStory) -> None:
    """With a run of its own, which gets the same values."""
    story = begun(new_story, calling(retry=retries(1, seconds=5)))
    end(story, 0)
    end(story, 1, code=7)
    story.pass_all(1)
    assert {"succeeded": "0", "retrying": "1", "running": "2"} == shown(story, "call")
    end(story, 2)
    story.pass_all(6)
    (again,) = children(story, "call", 2).items()
    assert (1, {"word": "b"}) == (again[0], again[1].given)
    end(story, 1, number=2)
    assert Outcome.SUCCEEDED is story.log("call").outcome
    assert [R.ITEMS_FAILED, R.SUCCEEDED] == [a.reason for a in story.log("call").attempts]


def test_tolerated_failures_do_not_fail_the_task(new_story: NewStory) -> None:
    """All items run in any case, and the failed ones stay on record."""
    story = begun(new_story, calling(each(1, "34%")))
    end(story, 0, code=1)
    end(story, 1)
    end(story, 2)
    assert Outcome.SUCCEEDED is story.log("call").outcome
    assert {"succeeded": "1-2", "failed": "0"} == shown(story, "call")


def test_one_failure_too_many_fails_the_task_after_all_items(new_story: NewStory) -> None:
    """The message names the item, and how its run failed."""
    story = begun(new_story, calling(each(1)))
    end(story, 0, code=1)
    end(story, 1)
    assert story.log("call").outcome is None
    end(story, 2)
    assert (Outcome.FAILED, R.ITEMS_FAILED) == (story.log("call").outcome, story.reason("call"))
    assert "1 of 3 items failed: 0 RunFailed" in story.log("call").message


@pytest.mark.parametrize(
    ("state", "want"),
    [(DesiredState.STOP, Outcome.CANCELLED), (DesiredState.CANCEL, Outcome.CANCELLED)],
)
def test_the_end_of_the_run_reaches_each_run_and_no_other_starts(
    new_story: NewStory, state: DesiredState, want: Outcome
) -> None:
    """A stopped run lets the program of each item end; a cancelled one ends it."""
    story = begun(new_story, calling(each(2)))
    story.steer(state)
    story.tick_all()
    runs = children(story, "call")
    assert {0: state, 1: state} == {index: run.passed for index, run in runs.items()}
    if state is DesiredState.STOP:
        end(story, 0)
        end(story, 1)
    story.pass_all(3)
    assert [0, 1] == list(children(story, "call"))
    assert want is story.log("call").outcome
    assert story.run.log.finished is not None


def test_a_pause_holds_the_runs_and_starts_no_other(new_story: NewStory) -> None:
    """They go on when the run goes on, each of them."""
    story = begun(new_story, calling(each(2)))
    story.steer(DesiredState.PAUSE)
    story.tick_all()
    end(story, 0)
    assert [0, 1] == list(children(story, "call"))
    story.steer(DesiredState.RUN)
    story.tick_all()
    assert DesiredState.RUN is children(story, "call")[1].passed
    end(story, 1)
    end(story, 2)
    assert Outcome.SUCCEEDED is story.log("call").outcome


def test_a_run_that_takes_too_long_fails_its_item_and_no_other(new_story: NewStory) -> None:
    """`attemptSeconds` counts from the creation of each run."""
    slow = TaskTimeouts(attempt_seconds=60)
    story = begun(new_story, calling(each(1, tolerated=1), timeouts=slow))
    story.pass_all(70)
    assert {"failed": "0", "running": "1"} == shown(story, "call")
    assert R.ATTEMPT_TIMEOUT is items(story, "call").failures[0].reason
    assert DesiredState.CANCEL is children(story, "call")[0].passed
    end(story, 1)
    end(story, 2)
    assert Outcome.SUCCEEDED is story.log("call").outcome


def test_a_run_that_somebody_deletes_fails_its_item(new_story: NewStory) -> None:
    """Nothing runs twice in silence: the failure counts against infrastructureLimit."""
    story = begun(new_story, calling())
    story.cluster.delete_child(story.run, "call", 1)
    story.tick_all()
    assert R.RUN_DELETED is items(story, "call").failures[0].reason
    assert {"retrying": "1", "running": "0,2"} == shown(story, "call")


def test_a_refused_run_fails_its_item(new_story: NewStory) -> None:
    """So does each further one that the API server refuses."""
    story = new_story(calling(each(tolerated=3)))
    story.stage.add_workflow("inner", INNER)
    story.cluster.refusals = {"call": (R.ADMISSION_DENIED, "no such label")}
    story.tick_all()
    story.pass_all(2)
    assert {"failed": "0-2"} == shown(story, "call")
    assert R.ADMISSION_DENIED is items(story, "call").failures[0].reason
    assert Outcome.SUCCEEDED is story.log("call").outcome


def test_items_that_an_expression_gives(new_story: NewStory) -> None:
    """Each gets its index too."""
    call = calls(
        "call",
        for_each=each(from_="params.list.split(',')"),
        params={"word": "${{ item }}${{ index }}"},
    )
    story = begun(new_story, workflow(call, params=(param("list", default="x,y"),)))
    assert [{"word": "x0"}, {"word": "y1"}] == [r.given for r in children(story, "call").values()]


def test_an_expression_that_fails_for_one_item_fails_the_task(new_story: NewStory) -> None:
    """The message names the item. Nothing has started."""
    call = calls("call", for_each=each(items=(1, "b")), params={"word": "${{ string(item + 1) }}"})
    story = begun(new_story, workflow(call))
    assert (False, R.FAILED) == story.told
    assert "workflow.params[0].value for item 1:" in story.status.message


def test_too_many_items_fail_the_task(new_story: NewStory) -> None:
    """A run for each of them would cost a cluster too much."""
    call = calls("call", for_each=each(from_="params.list.split(',')"))
    story = begun(
        new_story,
        workflow(call, params=(param("list", default=",".join("x" * (MAX_CHILDREN + 1))),)),
    )
    assert (False, R.FAILED) == story.told
    assert "has 1,001 items; a task with workflow has at most 1,000" in story.status.message


@pytest.mark.parametrize("write", range(6))
def test_a_rerun_calls_only_for_the_items_that_failed(new_story: NewStory, write: int) -> None:
    """The outputs of the others are there, and stand in order; also after a crash at a write."""
    story = begun(new_story, calling())
    for index, code in enumerate((0, 7, 0)):
        end(story, index, code)
    first = story.run
    story.run = story.another_run(first.definition, "etl-2", rerun=RerunOf(name=first.key.name))
    story.cluster.faults = {len(story.cluster.writes) + write: Fault.CRASH_AFTER}
    for _ in range(4):
        _turn(story)
        story.cluster.wait(1)
    (run,) = children(story, "call").values()
    assert isinstance(run, FakeRun)
    assert {"word": "b"} == run.given
    end(story, 1)
    outputs = story.log("call").outputs
    assert outputs is not None
    assert ["a!", "b!", "c!"] == [each["said"] for each in outputs["items"]]
    assert "etl-1" == story.log("call").taken_over_from


# --- questions --------------------------------------------------------------------------------


def test_each_item_has_a_question_of_its_own(new_story: NewStory) -> None:
    """The answers are outputs in the order of the items."""
    story = begun(new_story, asks())
    assert R.WAITING_FOR_APPROVAL is story.reason("ask")
    assert "3 of 3 items go on; the first: Load a? (answer approve" in story.log("ask").message
    for index in (1, 0, 2):
        answer(story, index)
    outputs = story.log("ask").outputs
    assert outputs is not None
    assert ["approve"] * 3 == [each["choice"] for each in outputs["items"]]
    assert Outcome.SUCCEEDED is story.log("ask").outcome


def test_a_rejection_fails_its_item(new_story: NewStory) -> None:
    """The others can still be answered; then the task fails, unless it tolerates that."""
    story = begun(new_story, asks(each(1, tolerated=1)))
    answer(story, 0, "reject")
    answer(story, 1)
    answer(story, 2)
    assert {"succeeded": "1-2", "failed": "0"} == shown(story, "ask")
    assert Outcome.SUCCEEDED is story.log("ask").outcome


def test_a_question_without_an_answer_ends_at_its_own_time(new_story: NewStory) -> None:
    """It counts from when somebody was asked about the item."""
    story = begun(new_story, asks(each(1), timeout_seconds=100, on_timeout="approve"))
    story.pass_all(11, 10)
    assert {"succeeded": "0", "running": "1"} == shown(story, "ask")
    story.pass_all(20, 10)
    assert Outcome.SUCCEEDED is story.log("ask").outcome


def test_a_cancelled_run_closes_its_questions(new_story: NewStory) -> None:
    """Nobody is asked any more, and no other question follows."""
    story = begun(new_story, asks(each(2)))
    story.steer(DesiredState.CANCEL)
    story.tick_all()
    assert [False, False] == [job.sighting.alive for job in children(story, "ask").values()]
    assert Outcome.CANCELLED is story.log("ask").outcome
    assert story.run.log.finished is not None


def test_questions_wait_until_others_cannot_answer_them(new_story: NewStory) -> None:
    """As a single question does."""
    story = new_story(asks(approvers=Approvers(users=("alice",))))
    story.cluster.guarded = False
    story.tick_all()
    assert {} == children(story, "ask")
    story.cluster.guarded = True
    story.pass_all(31)
    assert [0, 1, 2] == list(children(story, "ask"))


# --- waits ------------------------------------------------------------------------------------


def test_a_wait_for_each_item_needs_no_object_but_the_task_run(new_story: NewStory) -> None:
    """The task succeeds when the last one is over."""
    story = new_story(workflow(pause("p", for_each=each(), seconds=60), task("b", "p")))
    story.tick()
    assert R.WAITING_FOR_TIME is story.reason("p")
    story.pass_time(59)
    assert story.log("p").outcome is None
    story.pass_time(1)
    assert Outcome.SUCCEEDED is story.log("p").outcome
    assert story.at(60) == story.log("p").finished
    assert {} == story.record("p").children


def test_waits_follow_each_other_where_only_so_many_go_on(new_story: NewStory) -> None:
    """Two at a time: the third begins when the first two are over."""
    story = new_story(workflow(pause("p", for_each=each(2), seconds=60)))
    story.tick()
    story.pass_time(65)
    assert {"succeeded": "0-1"} == shown(story, "p")
    story.pass_time(60)
    assert Outcome.SUCCEEDED is story.log("p").outcome
    assert story.at(120) == story.log("p").finished


def test_each_item_waits_until_an_instant_of_its_own(new_story: NewStory) -> None:
    """The instants are on record: a restart changes nothing."""
    until = "run.logicalTime + duration(string(item) + 's')"
    story = new_story(workflow(pause("p", for_each=each(items=(300, 10, 200)), until=until)))
    story.tick()
    story.pass_time(20)
    assert {"succeeded": "1"} == shown(story, "p")
    story.restart()
    story.pass_time(190)
    assert {"succeeded": "1-2"} == shown(story, "p")
    story.pass_time(100)
    assert Outcome.SUCCEEDED is story.log("p").outcome


def test_waits_of_a_stopped_run_end_at_once(new_story: NewStory) -> None:
    """As a single wait does: nothing would follow."""
    story = new_story(workflow(pause("p", for_each=each())))
    story.tick()
    story.steer(DesiredState.STOP)
    assert Outcome.CANCELLED is story.log("p").outcome


def test_thousands_of_waits_cost_few_turns(new_story: NewStory) -> None:
    """Ends that follow each other closely share a look."""
    many = ForEach(range={"count": 2_000}, max_parallel=20)
    story = new_story(workflow(pause("p", for_each=many, seconds=1)))
    story.tick()
    story.pass_time(101)
    assert Outcome.SUCCEEDED is story.log("p").outcome
    assert len(story.cluster.writes) < 80


# --- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("write", range(1, 14))
def test_a_crash_at_any_write_makes_nothing_twice(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Each item has one run an attempt, and one question; each as often as without the crash."""
    call = calls(
        "call", for_each=each(2), params={"word": "${{ item }}"}, retry=retries(1, seconds=0)
    )
    ask = asking("ask", message="${{ item }}?", for_each=each(2))
    wait = pause("p", for_each=each(), until="run.logicalTime + duration(string(index) + 's')")
    story = new_story(workflow(call, ask, wait))
    story.stage.add_workflow("inner", INNER)
    story.cluster.faults = {write: fault}
    failed: set[str] = set()
    for _ in range(40):
        _turn(story)
        for run in [run for run in story.cluster.runs.values() if run.workflow == "inner"]:
            one = run.task_runs.get("one")
            if one is not None and one.jobs and one.newest().sighting.alive:
                first = run.given.get("word") == "b" and "b" not in failed
                failed |= {"b"} if first else set()
                story.cluster.end(one.newest(), int(first))
        record = story.run.task_runs.get("ask")
        for job in tuple(record.children.values()) if record is not None else ():
            assert isinstance(job, FakeJob)
            if job.sighting.alive:
                story.cluster.answer(job, "approve")
        if story.run.log.finished is not None:
            break
        story.cluster.wait(1)
    assert (True, R.SUCCEEDED) == story.told
    made = story.cluster.children_made
    assert [1] == sorted(set(made.values()))
    assert 4 == sum(1 for _, name, _, _ in made if name == "call")
    assert 3 == sum(1 for _, name, _, _ in made if name == "ask")


def _turn(story: Story) -> None:
    """Let the controller look; start it again when it ends."""
    try:
        story.tick_all()
    except CrashError:
        story.restart()
        _turn(story)
    except TROUBLES:
        _turn(story)
