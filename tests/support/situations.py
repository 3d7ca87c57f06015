"""
Situations in which a world has something to show, for stories on any stage.

Together they are to fill each field of an `ObservedRun`, and of all that it is made of.
"""

from typing import Final

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState, Interval, TriggerKind
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from support.builders import (
    NOON,
    asking,
    at,
    cached,
    calls,
    last,
    on,
    output,
    param,
    pause,
    retries,
    start,
    task,
    workflow,
)
from support.story import NewStory, Story

GROWS: Final = on("OOMKilled", then="Retry", memory_factor_percent=200)
VARIABLE: Final = EnvVar(name="X", value="${{ tasks.a.outputs.rows }}")
LIMITED: Final = Resources(limits={"memory": "64Mi"})


def attempts(new_story: NewStory) -> None:
    """All that can happen to the attempts of one task, until it succeeds."""
    story = begun(new_story)
    story.stall("a", Reason.UNSCHEDULABLE, "0/3 nodes are available")
    story.begin("a")
    story.cluster.disrupt(story.job("a"))
    story.tick()
    story.cluster.lose(story.job("a"))
    story.tick()
    story.begin("a")
    story.pass_time(1)
    story.fail("a", reason=Reason.OOM_KILLED)
    story.pass_time(10)
    story.cluster.delete_job(story.run, "a")
    story.tick()
    story.pass_time(30)
    story.succeed("a", output='{"rows": 1}')
    story.cluster.crowd(story.job("b"))
    story.tick()


def begun(new_story: NewStory) -> Story:
    """Return a run of two tasks and a third that tidies up, with all that a run can be given."""
    rule = retries(2, GROWS, seconds=10)
    first = task("a", retry=rule, resources=LIMITED)
    definition = workflow(
        first,
        task("b", "a"),
        task("alert", "a", rule="OneFailed"),
        last("tidy"),
        params=(param("day"),),
    )
    interval = Interval(start=at(-3600), end=NOON)
    story = new_story(definition, given={"day": "monday"}, logical_time=NOON, interval=interval)
    story.tick()
    return story


def ends(new_story: NewStory) -> None:
    """Let some tasks end well, some badly, some never begin; then somebody has enough."""
    story = begun(new_story)
    story.succeed("a")
    story.pass_time(5)
    story.fail("b")
    story.begin("tidy")
    story.pass_time(5)
    story.steer(DesiredState.TERMINATE)
    story.pass_time(5)


def terminated(new_story: NewStory) -> None:
    """End a run: what never began has ended for a reason of its own."""
    story = begun(new_story)
    story.steer(DesiredState.TERMINATE)
    story.pass_time(5)


def record_deleted(new_story: NewStory) -> None:
    """Delete a TaskRun whose pod takes its time."""
    story = begun(new_story)
    story.cluster.lingering = True
    story.begin("a")
    story.pass_time(1)
    story.cluster.delete_task_run(story.run, "a")
    story.tick()


def two_attempts(new_story: NewStory) -> None:
    """Ask for a next attempt while the one before it runs. Worlds do as they are asked."""
    story = begun(new_story)
    story.begin("a")
    run = story.run
    assert run.definition is not None
    story.stage.apply(run, [start(run.definition.tasks["a"], 2, run=run.key.name, run_uid=run.uid)])
    story.decision()


def beside_each_other(new_story: NewStory) -> None:
    """Let a run wait for one that somebody has cancelled."""
    definition = workflow(task("a"), concurrency=Concurrency(policy=ConcurrencyPolicy.QUEUE))
    story = new_story(definition)
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    second = story.another_run(definition, "etl-2")
    story.steer(DesiredState.CANCEL)
    story.tick(second)


def refused(new_story: NewStory) -> None:
    """Jobs are refused, for now and for good."""
    story = new_story(workflow(task("a"), task("b")))
    story.cluster.refusals["a"] = (Reason.QUOTA_EXCEEDED, "no room")
    story.cluster.no_task_runs["b"] = (Reason.ADMISSION_DENIED, "a webhook says no")
    story.tick()
    story.decision()


def definition_lost(new_story: NewStory) -> None:
    """Somebody has deleted what the run runs."""
    story = begun(new_story)
    story.cluster.delete_revision(story.run)
    story.restart()
    story.tick()


def conditions(new_story: NewStory) -> None:
    """Skip a task, fail one without a value, and know the values of one that has no room yet."""
    definition = workflow(
        task("a"),
        task("b", "a", when="tasks.a.outputs.rows > 0"),
        task("c", "a", when="tasks.a.outputs.none", allow_failure=True),
        task("d", "a", when="true", env=(VARIABLE,)),
        task("e", "a", env=(EnvVar(name="X", value="${{ tasks.a.outputs.none }}"),)),
    )
    story = new_story(definition, trigger=TriggerKind.SCHEDULE)
    story.cluster.refusals["d"] = (Reason.QUOTA_EXCEEDED, "no room")
    story.tick()
    story.cluster.end(story.job("a"), output='{"rows": 0}')
    for _ in range(3):
        story.decision()
        story.stage.look(story.run)
    story.tick()
    story.pass_time(2)


def waits(new_story: NewStory) -> None:
    """Know the instant of a wait that has not begun, and let it begin."""
    story = new_story(workflow(pause("p", until="run.logicalTime + duration('1h')")))
    for _ in range(3):
        story.decision()
        story.stage.look(story.run)


def asked(new_story: NewStory) -> None:
    """Ask people: one answers, and what she chose fails the task."""
    about = "Go on with ${{ run.name }}?"
    story = new_story(workflow(asking("a", message=about, timeout_seconds=60), task("b")))
    story.decision()
    story.stage.look(story.run)
    story.stage.observe(story.run)
    story.tick()
    story.cluster.answer(story.job("a"), "reject", comment="not today")
    story.stage.observe(story.run)


def alone(new_story: NewStory) -> None:
    """Let a task be a run of its own."""
    story = new_story(workflow(task("a")))
    story.stage.observe(story.stage.add_task_run("hello"))


def no_workflow(new_story: NewStory) -> None:
    """Create a run before its workflow."""
    new_story(None).tick()


def called(new_story: NewStory) -> None:
    """Let a task call a workflow with a value of an expression, be paused, and get its outputs."""
    passed = {"day": "${{ run.name }}", "n": 3}
    story = new_story(workflow(calls("call", params=passed, retry=retries(1, seconds=0))))
    params = (param("day"), param("n", "Integer"))
    inner = workflow(task("a"), params=params, outputs=(output("n", "params.n"),))
    story.cluster.no_task_runs["call"] = (Reason.QUOTA_EXCEEDED, "no room")
    story.stage.add_workflow("inner", inner)
    story.tick()
    story.decision()
    story.cluster.no_task_runs.clear()
    story.pass_all(2, 31)
    run = story.called("call")
    story.steer(DesiredState.PAUSE)
    story.tick_all()
    story.steer(DesiredState.RUN)
    story.tick_all()
    story.cluster.end(run.task_runs["a"].newest())
    story.pass_all(3)
    story.decision(run)


def calling_in_a_circle(new_story: NewStory) -> None:
    """Let a run be part of another one of its workflow."""
    queue = Concurrency(policy=ConcurrencyPolicy.QUEUE)
    outer = workflow(calls("call", of="mid"), concurrency=queue)
    story = new_story(outer)
    story.cluster.workflows["etl"] = outer
    story.stage.add_workflow("mid", workflow(calls("back", of="etl")))
    for _ in range(4):
        for run in tuple(story.cluster.runs.values()):
            story.tick(run)
    story.decision()


def items(new_story: NewStory) -> None:
    """Let items end well and badly, get more memory, and lose their Job."""
    grows = on(3, then="Retry", memory_factor_percent=200)
    rule = retries(2, grows, on(5, then="Fail"), seconds=10)
    listed = ForEach(from_="params.list.split(',')")
    each = task("each", for_each=listed, retry=rule, resources=LIMITED)
    story = new_story(workflow(each, params=(param("list", default="w,x,y,z"),)))
    story.tick()
    story.tick()
    story.cluster.begin_item(story.job("each"), 3)
    story.pass_time(5)
    for index, code in enumerate((3, 5, 0)):
        story.cluster.end_item(story.job("each"), index, code, output='{"n": 1}')
    story.tick()
    story.cluster.delete_job(story.run, "each")
    story.tick()
    story.pass_time(30)


def repeated(new_story: NewStory) -> None:
    """Repeat a run of which an item failed, and look at each step."""
    listed = ForEach(items=["x", "y"])
    definition = workflow(
        *(task("a"), task("each", "a", for_each=listed)), params=(param("day", default="monday"),)
    )
    interval = Interval(start=at(-3600), end=NOON)
    given = {"given": {"day": "monday"}, "logical_time": NOON, "interval": interval}
    story = new_story(definition, **given)
    story.tick()
    story.succeed("a", output='{"rows": 1}')
    for index, code in enumerate((0, 1)):
        story.cluster.end_item(story.job("each"), index, code, output='{"n": 1}')
    story.tick()
    of = RerunOf(name=story.run.key.name)
    story.run = story.another_run(definition, "etl-2", rerun=of)
    for _ in range(4):
        story.decision()
        story.stage.look(story.run)
    story.pass_time(3)


def reused(new_story: NewStory) -> None:
    """Use the result of an earlier run, then repeat the earlier run."""
    definition = workflow(cached("a"), task("b", "a"))
    story = new_story(definition, cache=CacheMode.USE)
    story.tick()
    story.succeed("a", output='{"rows": 1}')
    story.fail("b")
    of = RerunOf(name=story.run.key.name)
    for name, asked in (("etl-2", {}), ("etl-3", {"rerun": of})):
        story.run = story.another_run(definition, name, **asked)
        for _ in range(4):
            story.decision()
            story.stage.look(story.run)
        story.tick()


def pooled(new_story: NewStory) -> None:
    """Let tasks share a pool that has room for one of them."""
    first = task("first", pool="db", priority=1)
    story = new_story(workflow(first, task("second", pool="db")), priority=2)
    story.cluster.set_pool("db", 1)
    story.stage.look(story.run)
    story.decision()
    story.tick()


def items_without_programs(new_story: NewStory) -> None:
    """Call and ask for items, with values of their own; the run of one item is refused."""
    word = {"word": "${{ item }}"}
    one = ForEach(from_="['w']")
    tasks = (
        calls("call", for_each=one, params=word),
        calls("refused", for_each=ForEach(items=("x",)), params=word),
        asking("ask", for_each=ForEach(items=("y",)), message="${{ item }}?", timeout_seconds=60),
    )
    story = new_story(workflow(*tasks))
    story.stage.add_workflow("inner", workflow(task("a"), params=(param("word"),)))
    story.cluster.refusals["refused"] = (Reason.ADMISSION_DENIED, "a webhook says no")
    for _ in range(3):
        story.stage.look(story.run)
        story.decision()
    story.pass_all(2)
    story.decision()


SITUATIONS: Final = (
    pooled,
    items,
    repeated,
    reused,
    items_without_programs,
    attempts,
    ends,
    terminated,
    record_deleted,
    two_attempts,
    beside_each_other,
    refused,
    definition_lost,
    conditions,
    waits,
    asked,
    alone,
    no_workflow,
    called,
    calling_in_a_circle,
)
