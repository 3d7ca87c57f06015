"""What pages are told of changes: the ring, and the stream over HTTP."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from unittest.mock import patch

from headrace.web import changes as module
from headrace.web.changes import Change, Changes, News
from headrace.web.routes import stream
from support.page_server import Page
from support.web_stages import ClusterPage
from support.window import run


def change(name: str) -> Change:
    return Change("WorkflowRun", name, "")


def test_a_reader_gets_what_came_after_its_place() -> None:
    """Each object once, however often it has changed."""
    ring = Changes()
    place = ring.now()
    for name in ("a", "b", "a"):
        ring.tell(change(name))
    assert News(3, [change("a"), change("b")]) == ring.after(place)
    assert News(3, [change("a")]) == ring.after(2)
    assert News(3, []) == ring.after(3)


def test_a_reader_that_is_too_slow_looks_at_everything_anew() -> None:
    """The ring is bounded, and no reader has a queue."""
    with patch.object(module, "KEPT", 3):
        ring = Changes()
    for name in "abcd":
        ring.tell(change(name))
    assert News(4, None) == ring.after(0)
    assert News(4, [change("b"), change("c"), change("d")]) == ring.after(1)


def test_a_gap_is_told() -> None:
    """After a watch that was lost, all may be other."""
    ring = Changes()
    ring.tell(change("a"))
    ring.tell(None)
    assert News(2, None) == ring.after(0)


def test_a_place_of_another_process_is_not_known() -> None:
    """Its numbers mean other changes."""
    ring = Changes()
    ring.tell(change("a"))
    assert 1 == ring.place_of(f"{ring.epoch}-1")
    for written in ("", "x-1", f"{ring.epoch}-2", f"{ring.epoch}-x", f"{ring.epoch}-²"):
        assert ring.place_of(written) is None


async def test_a_waiting_reader_is_woken_by_another_thread() -> None:
    """And leaves nothing behind."""
    ring = Changes()
    following = ring.follow(ring.now(), 60)
    waiting = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    threading.Thread(target=ring.tell, args=(change("a"),)).start()
    assert News(1, [change("a")]) == await waiting
    await following.aclose()
    assert set() == ring._woken  # noqa: SLF001 - what is left


async def test_a_change_of_the_cluster_is_told(cluster: ClusterPage) -> None:
    """Of an object by its kind and name. The page looks at it with its own request."""
    watched = asyncio.ensure_future(cluster.stage.asked_for("watch=true"))

    def follow() -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        with cluster.page.events() as events:
            for event in events:
                found.append(event)
                if event.get("event") == "change":
                    return found
        return found

    following = asyncio.ensure_future(asyncio.to_thread(follow))
    await watched
    made = run("now")
    while not following.done():
        cluster.stage.put(made)
        await asyncio.sleep(0.3)
        made["metadata"]["name"] += "x"
    told = (await following)[-1]
    assert "WorkflowRun" == json.loads(told["data"])[0]["kind"]
    assert "now" in {each["name"].rstrip("x") for each in json.loads(told["data"])}


def test_a_change_of_a_laptop_is_told(here: Page) -> None:
    """Also the page that comes back: from where it was."""
    runs = here.get("/api/runs").json["items"]
    with here.events() as events:
        first = next(events)
        made = here.post(f"/api/runs/{runs[-1]['name']}/rerun", {"start": "All"}).json["run"]
        for event in events:
            if made in event.get("data", ""):
                break
    with here.events(first["id"]) as again:
        next(again)
        assert made in next(again)["data"]
    with here.events("other-7") as other:
        assert "reset" == next(other)["event"]


def test_streams_are_bounded(here: Page) -> None:
    """One too many is told to come later, and finds a place when another one has left."""
    with patch.object(stream, "MOST_STREAMS", 1):
        for _ in range(2):  # the second one, after the first has left
            with as_soon_as_one_has_left(here):
                assert 503 == here.get("/api/changes").status


@contextmanager
def as_soon_as_one_has_left(page: Page) -> Iterator[None]:
    """Open a stream. The server notices within a moment that the one before has left."""
    opened = ExitStack()
    events: Iterator[dict[str, str]] | None = None
    while events is None:
        with suppress(AssertionError):
            events = opened.enter_context(page.events())
    with opened:
        next(events)
        yield
