"""The ends of items that time alone brings: `headrace.engine.task.item_clocks`."""

from datetime import datetime

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.item_clocks import GATHERED, next_end, timely
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Ending, One, SeenItems, Sighting, Stage
from headrace.engine.task.terms import Terms
from support.builders import at

NO_LIMIT = Terms()
MINUTE = Terms(run_seconds=60)


def waiting(*ends: float, **more: object) -> Sighting:
    """Return waits that end so many seconds after noon."""
    expected = {index: Ending(at(end), One(0)) for index, end in enumerate(ends)}
    seen = SeenItems(len(ends), expected=expected, **more)
    return Sighting(1, Stage.WAITING, items=seen)


def ended(sighting: Sighting) -> list[int]:
    """Return the items that have ended."""
    assert sighting.items is not None
    return sorted(sighting.items.ended)


@pytest.mark.parametrize(("want", "now"), [([], 9), ([1], 10), ([0, 1], 50)])
def test_an_item_ends_at_its_instant(want: list[int], now: float) -> None:
    """Also if nobody looked at that moment."""
    assert want == ended(timely(waiting(30, 10, 60), NO_LIMIT, at(now)))


def test_a_run_that_takes_too_long_ends_its_item() -> None:
    """From its own creation on; an end that it has itself counts first."""
    since = {0: at(0), 1: at(30)}
    seen = SeenItems(2, running=Places.of([0, 1]), since=since)
    shown = timely(Sighting(1, Stage.RUNNING, items=seen), MINUTE, at(60))
    assert [0] == ended(shown)
    assert shown.items is not None
    assert Reason.ATTEMPT_TIMEOUT is shown.items.ended[0].reason
    assert [] == ended(timely(Sighting(1, Stage.RUNNING, items=seen), NO_LIMIT, at(600)))


@pytest.mark.parametrize(
    ("want", "sighting"),
    [
        (at(100), waiting(100)),
        (at(50), waiting(100, 50)),
        (at(0) + GATHERED, waiting(1, 100)),
        (at(1), waiting(1, 1)),
        (None, Sighting(1, Stage.RUNNING, items=SeenItems(2))),
    ],
    ids=["the only end", "the first of two", "soon, before others", "the last", "none"],
)
def test_the_next_look_is_at_the_next_end(want: datetime | None, sighting: Sighting) -> None:
    """Ends that are close to each other share a look; the last one is exact."""
    items = ItemsLog(sighting.items.total if sighting.items else 0)
    assert want == next_end(items, sighting, NO_LIMIT, at(0))
