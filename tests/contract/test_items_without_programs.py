"""
What every world must keep of waits, questions and values over items.

The engine says which items start; a world makes each of them once, whoever asks how often.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.expressions.types import Question, Scope
from headrace.engine.definition.ways import FROM, MESSAGE
from headrace.engine.places import Places
from headrace.engine.run.context import context_of
from headrace.engine.task.actions import EndAttempt, Evaluate
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Attempt, SeenItems, Sighting, TaskLog
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt, start_more
from support import cluster_world, local_world
from support.builders import asking, pause, spec
from support.world_contract import Kind, Rig, make_fake


async def make_local(request: pytest.FixtureRequest, workflow: WorkflowSpec) -> Rig:
    """Return a rig of processes on this machine."""
    return local_world.LocalRig(request.getfixturevalue("tmp_path"), workflow)


async def make_cluster(request: pytest.FixtureRequest, workflow: WorkflowSpec) -> Rig:
    """Return a rig of real pods."""
    rig = cluster_world.ClusterRig(request.getfixturevalue("stage"))
    await rig.begin(workflow)
    return rig


KINDS = {"memory": Kind(make_fake), "local": Kind(make_local), "cluster": Kind(make_cluster)}
GIVEN = ForEach(from_="['w', 'x', 'y', 'z']", max_parallel=2)
MINUTE = timedelta(seconds=60)


@pytest.fixture(params=["memory", "local", pytest.param("cluster", marks=pytest.mark.cluster)])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Return a run that waits, and asks, for four items, two at a time."""
    wait = pause("wait", for_each=GIVEN, seconds=60)
    ask = asking("ask", message="Load ${{ item }}?", for_each=GIVEN)
    made = await KINDS[request.param].make(request, spec(wait, ask))
    yield made
    await made.close()


async def started(rig: Rig, name: str) -> None:
    """Ask for the first attempt over the items."""
    run = await rig.observed()
    assert run.definition is not None
    task, context = run.definition.tasks[name], context_of(run, run.definition)
    items = ["w", "x", "y", "z"]
    values = Start(1, fields={FROM: items}, each={MESSAGE: [f"Load {item}?" for item in items]})
    await rig.world.apply(rig.key, [start_attempt(task, values, context, run.created)])


async def more(rig: Rig, *indexes: int) -> None:
    """Ask for further items of the attempt."""
    run = await rig.observed()
    assert run.definition is not None
    task, context = run.definition.tasks["ask"], context_of(run, run.definition)
    log = TaskLog(attempts=(Attempt(1),), count=1, items=ItemsLog(4))
    await rig.world.apply(rig.key, [start_more(task, log, Places.of(indexes), context)])


async def shown(rig: Rig, name: str = "ask") -> tuple[Sighting, SeenItems]:
    """Return what the world shows of the newest attempt."""
    sighting = (await rig.observed()).tasks[name].sighting
    assert sighting is not None
    assert sighting.items is not None
    return sighting, sighting.items


def texts(items: SeenItems, indexes: Sequence[int]) -> list[str]:
    """Return what was chosen for items."""
    answers = [items.ended[index].answer for index in indexes]
    return [answer.choice for answer in answers if answer is not None]


async def test_waits_are_known_at_once_and_stay_the_same(rig: Rig) -> None:
    """Two at a time: the next ones begin when the first are over. So it is after a restart."""
    await started(rig, "wait")
    sighting, items = await shown(rig, "wait")
    ends = [items.expected[index].at for index in range(4)]
    assert [ends[0], ends[0], ends[0] + MINUTE, ends[0] + MINUTE] == ends
    assert (1, False, ends[3]) == (sighting.number, sighting.alive, sighting.due)
    rig.restart()
    await started(rig, "wait")
    _, again = await shown(rig, "wait")
    assert ends == [again.expected[index].at for index in range(4)]


async def test_only_items_that_were_asked_for_have_a_question(rig: Rig) -> None:
    """Each once, also in the next process. A later one has its own values."""
    await started(rig, "ask")
    sighting, items = await shown(rig)
    assert (1, True, 4) == (sighting.number, sighting.alive or bool(items.running), items.total)
    assert Places.of([0, 1]) == items.running
    assert "Load w?" in sighting.message
    for _ in range(2):
        await started(rig, "ask")
        await more(rig, 3)
        assert Places.of([0, 1, 3]) == (await shown(rig))[1].running
        rig.restart()
    await more(rig, 3)
    assert Places.of([0, 1, 3]) == (await shown(rig))[1].running


async def test_an_answer_ends_its_item_and_no_other(rig: Rig) -> None:
    """It stays so in the next process."""
    await started(rig, "ask")
    rig.answer_item("ask", 1, "reject")
    for _ in range(2):
        _, items = await shown(rig)
        assert ([1], ["reject"]) == (list(items.ended), texts(items, [1]))
        assert Places.of([0]) == items.running
        rig.restart()


async def test_questions_about_some_items_are_closed(rig: Rig) -> None:
    """However often that is asked for; the others stay open."""
    await started(rig, "ask")
    for _ in range(2):
        await rig.world.apply(rig.key, [EndAttempt("ask", 1, Places.of([0]))])
        _, items = await shown(rig)
        assert Places.of([1]) == items.running
        assert 0 not in items.unclosed


async def test_each_item_gets_a_value_of_its_own(rig: Rig) -> None:
    """In the order of the items, which are a value themselves."""
    run = await rig.observed()
    assert run.definition is not None
    asked = run.definition.tasks["ask"].expressions
    scope = Scope()
    fields = {path: Question(each, scope) for path, each in asked.fields.items()}
    each = {path: Question(own, scope) for path, own in asked.each.items()}
    await rig.world.apply(rig.key, [Evaluate("ask", fields=fields, each=each)])
    known = (await rig.observed()).evaluated["ask"]
    assert ["Load w?", "Load x?", "Load y?", "Load z?"] == known.each[MESSAGE]
