"""Pools: slots that tasks of many runs share, who gets them, and what the others say."""

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from support.builders import calls, chain, pause, retries, task, workflow
from support.story import NewStory

POOL = "warehouse"


def test_tasks_of_a_run_share_the_slots_of_their_pool(new_story: NewStory) -> None:
    """Two slots: two tasks run, and the next one starts when one of them has ended."""
    story = new_story(workflow(*(task(name, pool=POOL) for name in "abcd")))
    story.cluster.set_pool(POOL, 2)
    story.tick()
    assert {"a", "b"} == story.alive

    story.succeed("a")
    assert {"b", "c"} == story.alive

    story.succeed("b", "c")
    assert {"d"} == story.alive
    story.succeed("d")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_waiting_task_says_who_holds_the_slots_and_its_place(new_story: NewStory) -> None:
    """The run's status names the first task that waits, and how many others do."""
    story = new_story(workflow(*(task(name, pool=POOL) for name in "abcd")))
    story.cluster.set_pool(POOL, 1)
    story.tick()
    story.pass_time(40)
    (waits,) = story.status.attention
    assert ("b", Reason.WAITING_FOR_POOL) == (waits.task, waits.reason)
    assert (
        "1 of 1 slots of pool warehouse are taken by etl-1/a; place 1 of 3 in its queue;"
        " 2 more of this run wait for the pool"
    ) == waits.message
    assert 3 == story.status.counts.pending


def test_runs_share_a_pool_and_the_higher_priority_comes_first(new_story: NewStory) -> None:
    """The run that came later has a task of higher priority, so it gets the next slot."""
    story = new_story(workflow(task("a", pool=POOL), task("b", pool=POOL)))
    story.cluster.set_pool(POOL, 1)
    story.tick()
    urgent = story.another_run(story.run.definition, "etl-2", priority=5)
    story.tick(urgent)
    assert set() == urgent.task_runs.keys()

    story.succeed("a")
    assert set() == story.alive
    story.tick(urgent)
    assert {"a"} == urgent.task_runs.keys()


def test_the_longest_remaining_path_comes_first(new_story: NewStory) -> None:
    """`long` has two tasks after it, so it starts before `short`, which is defined earlier."""
    story = new_story(
        workflow(
            *(task("short", pool=POOL), task("long", pool=POOL)),
            *(task("next", "long"), task("last", "next")),
        )
    )
    story.cluster.set_pool(POOL, 1)
    story.tick()
    assert {"long"} == story.alive


def test_a_task_waits_for_a_pool_that_does_not_exist_yet(new_story: NewStory) -> None:
    """The reason names the pool and the cure; the task goes on as soon as the pool is there."""
    story = new_story(chain("a", defaults={"image": "busybox", "pool": POOL}))
    story.tick()
    story.pass_time(40)
    assert set() == story.alive
    assert {"a": Reason.POOL_NOT_FOUND} == story.attention()

    story.cluster.set_pool(POOL, 1)
    story.tick()
    assert {"a"} == story.alive


def test_fewer_slots_than_are_held_end_nothing(new_story: NewStory) -> None:
    """Running tasks go on, and nothing new starts until there is room."""
    story = new_story(workflow(*(task(name, pool=POOL) for name in "abcd")))
    story.cluster.set_pool(POOL, 3)
    story.tick()
    story.cluster.set_pool(POOL, 1)
    story.tick()
    assert {"a", "b", "c"} == story.alive
    story.succeed("a", "b")
    assert {"c"} == story.alive
    story.succeed("c")
    assert {"d"} == story.alive


def test_without_slots_everything_waits(new_story: NewStory) -> None:
    """A pool with 0 slots is a switch."""
    story = new_story(workflow(task("a", pool=POOL), task("b")))
    story.cluster.set_pool(POOL, 0)
    story.tick()
    story.pass_time(40)
    assert {"b"} == story.alive
    (waits,) = story.status.attention
    assert "pool warehouse has 0 slots, so nothing starts; raise its spec.slots" == waits.message


def test_a_task_that_needs_more_slots_than_there_are_keeps_nobody_waiting(
    new_story: NewStory,
) -> None:
    """It can never start as things are, so others pass it."""
    story = new_story(workflow(task("a", pool=POOL, pool_slots=3), task("b", pool=POOL)))
    story.cluster.set_pool(POOL, 2)
    story.tick()
    story.pass_time(40)
    assert {"b"} == story.alive
    (waits,) = story.status.attention
    assert "poolSlots is 3, and pool warehouse has 2 slots" in waits.message


def test_nobody_overtakes_a_task_that_needs_many_slots(new_story: NewStory) -> None:
    """`b` needs both slots, so `c` must not take the free one again and again."""
    story = new_story(
        workflow(
            *(task("a", pool=POOL, priority=2), task("b", pool=POOL, pool_slots=2, priority=1)),
            task("c", pool=POOL),
        )
    )
    story.cluster.set_pool(POOL, 2)
    story.tick()
    assert {"a"} == story.alive
    story.succeed("a")
    assert {"b"} == story.alive
    story.succeed("b")
    assert {"c"} == story.alive


def test_a_retry_waits_for_a_slot_like_everybody(new_story: NewStory) -> None:
    """The failed attempt has freed its slot, and another task has a higher priority."""
    story = new_story(
        workflow(task("a", pool=POOL, retry=retries(1, seconds=0)), task("b", pool=POOL))
    )
    story.cluster.set_pool(POOL, 1)
    story.tick()
    assert {"a"} == story.alive
    urgent = story.another_run(story.run.definition, "etl-2", priority=5)
    story.tick(urgent)
    story.fail("a")
    story.tick(urgent)
    story.tick()
    assert {"a"} == urgent.task_runs.keys()
    assert Reason.WAITING_FOR_POOL == story.reason("a")
    story.pass_time(40)
    assert "taken by etl-2/a" in story.log("a").message


def test_the_slots_of_a_run_that_is_cancelled_are_free_again(new_story: NewStory) -> None:
    """Its tasks ask for nothing any more, and what ran is gone."""
    story = new_story(workflow(task("a", pool=POOL), task("b", pool=POOL)))
    story.cluster.set_pool(POOL, 1)
    story.tick()
    second = story.another_run(story.run.definition, "etl-2")
    story.tick(second)
    story.steer(DesiredState.CANCEL)
    story.tick(second)
    assert {"a"} == second.task_runs.keys()


def test_a_restart_forgets_no_holder(new_story: NewStory) -> None:
    """Slots are counted from what runs: a controller that knows nothing gives nothing twice."""
    story = new_story(workflow(*(task(name, pool=POOL) for name in "abc")))
    story.cluster.set_pool(POOL, 1)
    story.tick()
    story.restart()
    story.tick()
    assert {"a"} == story.alive
    story.succeed("a")
    assert {"b"} == story.alive


def test_a_run_runs_no_more_tasks_at_a_time_than_it_says(new_story: NewStory) -> None:
    """MaxParallel is a limit of each run of the workflow."""
    story = new_story(workflow(*(task(name) for name in "abc"), max_parallel=2))
    story.tick()
    assert {"a", "b"} == story.alive
    story.succeed("b")
    assert {"a", "c"} == story.alive


def test_a_run_asks_a_pool_for_no_more_than_it_may_run(new_story: NewStory) -> None:
    """With maxParallel 1, the other slot is for somebody else."""
    story = new_story(workflow(*(task(name, pool=POOL) for name in "abc"), max_parallel=1))
    story.cluster.set_pool(POOL, 2)
    story.tick()
    second = story.another_run(story.run.definition, "etl-2")
    story.tick(second)
    assert {"a"} == story.alive
    assert {"a"} == second.task_runs.keys()


def test_a_fan_out_takes_as_many_slots_as_items_it_may_run(new_story: NewStory) -> None:
    """Five items in three slots: it waits until all three are free, then runs three at a time."""
    items = ForEach(items=[1, 2, 3, 4, 5])
    story = new_story(
        workflow(task("a", pool=POOL, priority=1), task("each", pool=POOL, for_each=items))
    )
    story.cluster.set_pool(POOL, 3)
    story.tick()
    assert {"a"} == story.alive
    story.succeed("a")
    assert ({"each"}, 3) == (story.alive, story.stage.held(POOL))
    for index in range(4):
        story.cluster.end_item(story.job("each"), index)
        story.tick()
    assert 1 == story.stage.held(POOL)


def test_a_wait_in_a_workflow_of_a_pool_holds_nothing(new_story: NewStory) -> None:
    """The default pool counts for programs only."""
    defaults = {"image": "busybox", "pool": POOL}
    story = new_story(workflow(pause("rest", seconds=600), task("a"), defaults=defaults))
    story.cluster.set_pool(POOL, 1)
    story.tick()
    assert {"a"} == story.alive
    assert Reason.WAITING_FOR_TIME == story.reason("rest")
    assert 1 == story.stage.held(POOL)


def test_a_called_run_has_the_priority_of_the_task_that_calls_it(new_story: NewStory) -> None:
    """The task in the called run overtakes one of the caller that is as old."""
    inner = workflow(task("inner", pool=POOL))
    story = new_story(
        workflow(task("first", pool=POOL, priority=9), calls("call", priority=5), priority=1)
    )
    story.stage.add_workflow("inner", inner)
    story.cluster.set_pool(POOL, 0)
    story.tick()
    called = story.called("call")
    assert called.priority in (None, 6)  # The mirror of a cluster does not show it.
    observed = story.stage.observe(called)
    assert observed is not None
    assert 6 == observed.priority


def test_a_job_in_a_queue_of_kueue_waits_until_somebody_lets_it_go(new_story: NewStory) -> None:
    """Kueue resumes a suspended Job; here a person does, and the task says what it waits for."""
    story = new_story(workflow(task("a"), queue_name="team-a"))
    story.tick()
    story.stall("a", Reason.SUSPENDED, "")
    story.pass_time(30)
    assert Reason.SUSPENDED == story.reason("a")
    story.cluster.resume(story.job("a"))
    story.succeed("a")
    assert (True, Reason.SUCCEEDED) == story.told
