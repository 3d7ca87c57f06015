"""The outputs of items: `headrace.engine.task.item_outputs`."""

import json

from headrace.engine.places import Places
from headrace.engine.task.item_outputs import LARGEST, gathered, readable
from headrace.engine.task.items import ItemsLog
from support.item_sightings import seen

ALL = ItemsLog(3, succeeded=Places.first(3))


def test_outputs_stand_in_the_order_of_indexes() -> None:
    """An item without outputs has null in its place, so places stay."""
    found = gathered(None, seen({2: '{"a": 2}', 0: '{"a": 0}', 1: 0}, 3), ALL)
    assert {"items": [{"a": 0}, None, {"a": 2}], "count": 2} == found


def test_outputs_of_a_later_attempt_are_added() -> None:
    """Those of earlier attempts stay, though their pods may be gone."""
    before = {"items": [{"a": 0}, None, None], "count": 1}
    found = gathered(before, seen({2: '{"a": 2}'}, 3), ALL)
    assert {"items": [{"a": 0}, None, {"a": 2}], "count": 2} == found


def test_items_that_write_nothing_leave_no_outputs() -> None:
    """A list of nothing but null would be of no use."""
    assert gathered(None, seen({0: 0, 1: 0}, 3), ALL) is None


def test_what_a_failed_item_wrote_is_no_output() -> None:
    """Its words may be anything."""
    known = ItemsLog(3, succeeded=Places.of([1]), failed=Places.of([0]))
    assert gathered(None, seen({0: "gibberish", 1: 0}, 3), known) is None


def test_outputs_without_room_are_counted_and_a_note_says_so() -> None:
    """A status has no room for megabytes."""
    large = json.dumps({"text": "x" * 4000})
    known = ItemsLog(100, succeeded=Places.first(100))
    found = gathered(None, seen(dict.fromkeys(range(70), large), 100), known)
    assert found is not None
    assert {"count", "note"} == found.keys()
    assert 70 == found["count"]
    assert f"{LARGEST:,}" in found["note"]
    later = gathered(found, seen({70: '{"a": 1}'}, 100), known)
    assert {**found, "count": 71} == later


def test_expressions_always_find_the_list() -> None:
    """`from: tasks.a.outputs.items` works whether or not the items wrote something."""
    assert {"items": [None] * 3, "count": 0} == readable(None, ALL)
    assert {"count": 1, "note": "no"} == readable({"count": 1, "note": "no"}, ALL)
