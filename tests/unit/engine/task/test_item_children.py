"""An attempt whose items have a run or a question each: `headrace.engine.task.item_children`."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.places import Places
from headrace.engine.task.item_children import AllItems, missing, together
from headrace.engine.task.observed import RUN, Ending, Named, One, Sighting, Stage, Where
from support.builders import at

ALL = AllItems(3, at(0), "x")


def child(stage: Stage = Stage.RUNNING, **more: object) -> Sighting:
    """Return a called run."""
    fields = {"created": at(2), "passed": DesiredState.RUN, **more}
    return Sighting(1, stage, Where(Named(RUN, "inner-1")), **fields)


def test_an_attempt_without_a_run_is_there_and_empty() -> None:
    """Its TaskRun is the attempt."""
    shown = together(1, ALL, {}, at(9))
    assert shown.items is not None
    assert (Stage.RUNNING, False, at(0)) == (shown.stage, shown.alive, shown.created)
    assert (3, "x", Places()) == (shown.items.total, shown.items.digest, shown.items.running)


def test_runs_that_go_on_and_have_ended_are_told_apart() -> None:
    """The message counts those that go on, and shows the words of the first."""
    over = child(Stage.ENDED, ending=Ending(at(5), One(0)), alive=False)
    runs = {0: over, 1: child(message="1/2 tasks"), 2: child(message="0/2 tasks")}
    shown = together(1, ALL, runs, at(9))
    assert shown.items is not None
    assert ([0], Places.of([1, 2])) == (list(shown.items.ended), shown.items.running)
    assert "2 of 3 items go on; the first: 1/2 tasks" == shown.message
    assert {1: at(2), 2: at(2)} == shown.items.since


def test_a_deleted_run_ends_its_item() -> None:
    """With a reason that counts against infrastructureLimit."""
    shown = together(1, ALL, {1: child(Stage.GONE, alive=False)}, at(9))
    assert shown.items is not None
    assert Reason.RUN_DELETED is shown.items.ended[1].reason


def test_an_attempt_waits_if_each_of_its_items_does() -> None:
    """One that goes on is enough to say so."""
    waits = child(waiting=Reason.WAITING_FOR_TURN)
    assert Reason.WAITING_FOR_TURN is together(1, ALL, {0: waits}, at(9)).waiting
    assert together(1, ALL, {0: waits, 1: child()}, at(9)).waiting is None


def test_an_item_on_record_that_shows_nothing_is_missing() -> None:
    """Its run was deleted, or its news is late."""
    shown = together(1, ALL, {0: child()}, at(9))
    assert shown.items is not None
    assert Places.of([2]) == missing(shown.items, Places.of([0, 2]))
