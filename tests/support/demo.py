"""
A cluster in memory as people have one: pipelines with a month of runs, and last night's failed.

For pictures of the page, and for tests that want each page to show something. All times are before
one instant, so the pictures of a day are the same.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support.window import CommandStage, Object, approval, backfill, pod, revision, run, stage, task
from support.window import workflow as workflow_of

TASKS: list[Object] = [
    {"name": "orders", "retry": {"limit": 2}},
    {"name": "customers"},
    {"name": "prices"},
    {"name": "join", "dependsOn": ["orders", "customers", "prices"]},
    {"name": "check", "dependsOn": ["join"]},
    {"name": "load", "dependsOn": ["check"], "pool": "warehouse"},
    {"name": "report", "dependsOn": ["load"]},
]
LAST: list[Object] = [{"name": "tidy"}]
PARAMS: list[Object] = [
    {"name": "region", "type": "String", "enum": ["eu", "us"], "default": "eu"},
    {"name": "rows", "type": "Integer", "default": 0, "description": "How many at most; 0: all."},
]
NIGHTS = 30
FAILED = ("sales-nightly", "check")
"""Last night's run failed in this task."""


class Story:
    """Puts objects into a cluster, each with its times."""

    def __init__(self, into: CommandStage, now: datetime) -> None:
        self._stage = into
        self._now = now

    def ago(self, **length: float) -> str:
        """Return an instant before now."""
        return self.at(self._now - timedelta(**length))

    @staticmethod
    def at(instant: datetime) -> str:
        return instant.strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(self, item: Object, created: str, **status: Any) -> None:
        """Create an object at an instant; `status` has more fields of it."""
        server: Any = self._stage.server
        server.now = lambda: created
        for condition in item.get("status", {}).get("conditions", ()):
            condition["lastTransitionTime"] = status.get("completionTime") or created
        self._stage.put({**item, "status": {**item.get("status", {}), **status}})

    def log(self, of: str, *lines: str) -> None:
        """Give a pod its log."""
        self._stage.logs[of] = [f"{self.ago(hours=9)} {line}" for line in lines]


def filled(story: Story, now: datetime) -> None:
    """Put everything."""
    daily = [{"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}]
    spec = {"tasks": TASKS, "finally": LAST, "params": PARAMS, "triggers": daily}
    tonight = story.at(_last(now) + timedelta(days=1))
    more = {"revision": "sales-2", "nextRunTime": tonight}
    about = {"description": "The sales of the day, checked, into the warehouse."}
    story.put(workflow_of("sales", spec={**spec, **about}, **more), story.ago(days=60))
    first = [{**each, "retry": {"limit": 1}} if "retry" in each else each for each in TASKS[:-1]]
    story.put(_revision("sales-1", first), story.ago(days=60))
    story.put(_revision("sales-2", TASKS) | {"revision": 2}, story.ago(days=20))
    for night in range(NIGHTS, 0, -1):
        _night(story, now, night)
    _last_night(story, now)
    _others(story, tonight)


def _revision(name: str, tasks: list[Object]) -> Object:
    item = revision(name, *tasks, **{"finally": LAST, "params": PARAMS})
    item["metadata"]["labels"] = {"headrace.dev/workflow": name.partition("-")[0]}
    return item


def _last(now: datetime) -> datetime:
    """Return when last night's run began."""
    return now - timedelta(hours=9)


def _night(story: Story, now: datetime, night: int) -> None:
    """Put a run of an earlier night; a few of them failed."""
    begin = _last(now) - timedelta(days=night)
    pinned = "sales-1" if night > 20 else "sales-2"
    tasks = [each["name"] for each in (TASKS[:-1] if pinned == "sales-1" else TASKS)]
    bad = {23: "load", 11: "orders", 12: "orders"}.get(night)
    minutes = 24 + (night * 7) % 9 + (25 if night == 5 else 0)
    name = f"sales-{begin:%Y%m%d}"
    end = begin + timedelta(minutes=minutes if bad is None else 6)
    times = {"startTime": story.at(begin), "completionTime": story.at(end)}
    reason = "Succeeded" if bad is None else "Failed"
    words = "" if bad is None else f"{bad} failed"
    given = {"logicalTime": story.at(begin), "trigger": "Schedule"}
    progress = f"{len(tasks) + 1}/{len(tasks) + 1}" if bad is None else "4/8"
    item = run(name, reason, words, spec={"workflow": "sales", **given})
    marks = [_omitted("3-6", "orders failed")] if bad == "orders" else []
    story.put(item, story.at(begin), revision=pinned, progress=progress, marks=marks, **times)
    for each in [*tasks, "tidy"]:
        if bad == "orders" and each not in {bad, "customers", "prices", "tidy"}:
            continue
        state = ("Failed", "exit code 1") if each == bad else ("Succeeded", "")
        story.put(task(name, each, *state), story.at(begin), attemptCount=1, **times)


def _last_night(story: Story, now: datetime) -> None:
    """Put the run that failed: its fifth task, twice, after a good half."""
    begin = _last(now)
    name, bad = FAILED

    def after(minutes: float) -> str:
        return story.at(begin + timedelta(minutes=minutes))

    given = {"workflow": "sales", "logicalTime": after(0), "trigger": "Schedule"}
    times = {"startTime": after(0), "completionTime": after(15)}
    item = run(name, "Failed", "check failed: exit code 3", spec=given)
    marks = [_omitted("5-6", "check failed")]
    story.put(item, after(0), revision="sales-2", progress="5/8", marks=marks, **times)
    spans = {"orders": (0.1, 6), "customers": (0.1, 3), "prices": (0.2, 2), "join": (6, 11)}
    for each, (start, end) in {**spans, "tidy": (14.4, 15)}.items():
        own = {"startTime": after(start), "completionTime": after(end), "attemptCount": 1}
        attempts = [_attempt(begin, 1, (start, end), "Succeeded")]
        story.put(task(name, each, "Succeeded"), after(start), attempts=attempts, **own)
    attempts = [
        {**_attempt(begin, number, (start, end), "NonZeroExit"), "exitCode": 3}
        | {"podName": f"{name}-{bad}-{number}"}
        for number, start, end in ((1, 11, 12.2), (2, 13, 14.3))
    ]
    own = {"startTime": after(11), "completionTime": after(14.3), "attemptCount": 2}
    failed = task(name, bad, "NonZeroExit", "exit code 3")
    failed["status"]["conditions"][0]["status"] = "False"
    story.put(failed, after(11), attempts=attempts, outcome="Failed", **own)
    for number in (1, 2):
        story.put(pod(name, bad, number), after(11))
        story.log(
            f"{name}-{bad}-{number}",
            *("reads 48,213 rows of join", "34 checks", "check 12: total of region eu"),
            *("  expected 1,204,512.40", "  got        998,730.15", "1 check failed"),
        )


def _omitted(tasks: str, why: str) -> Object:
    """Return the mark of tasks that did not start since another one failed."""
    return {"tasks": tasks, "reason": "UpstreamFailed", "outcome": "Omitted", "message": why}


def _attempt(begin: datetime, number: int, span: tuple[float, float], reason: str) -> Object:
    """Return an attempt with its phases; the span is in minutes after the begin of the run."""
    start, end = span
    begun = (start, start + 0.2, start + 0.7)
    at = [Story.at(begin + timedelta(minutes=each)) for each in begun]
    keys = ("createdTime", "scheduledTime", "startTime")
    done = {"finishTime": Story.at(begin + timedelta(minutes=end)), "reason": reason}
    return {"number": number, **dict(zip(keys, at, strict=True)), **done, "nodeName": "node-3"}


def _others(story: Story, tonight: str) -> None:
    """Put what runs and what asks."""
    hourly = {"tasks": [{"name": "fetch"}, {"name": "load", "dependsOn": ["fetch"]}]}
    story.put(workflow_of("stock", spec=hourly, nextRunTime=tonight), story.ago(days=40))
    story.put(_revision("stock-1", hourly["tasks"]), story.ago(days=40))
    own = {"revision": "stock-1", "startTime": story.ago(minutes=7), "progress": "1/2"}
    story.put(run("stock-29933610", "Running"), story.ago(minutes=7), **own)
    begun = {"startTime": story.ago(minutes=7), "attemptCount": 1}
    done = {**begun, "completionTime": story.ago(minutes=4)}
    story.put(task("stock-29933610", "fetch", "Succeeded"), story.ago(minutes=7), **done)
    story.put(task("stock-29933610", "load"), story.ago(minutes=4), **begun)
    gate = {"tasks": [{"name": "ask"}, {"name": "publish", "dependsOn": ["ask"]}]}
    story.put(workflow_of("publish", spec=gate), story.ago(days=9))
    item = run("publish-spring", "WaitingForApproval", spec={"workflow": "publish"})
    story.put(item, story.ago(minutes=50), startTime=story.ago(minutes=50), progress="0/2")
    story.put(
        approval("publish-spring", "ask", message="Publish 1,312 prices, 4 % above last week?"),
        story.ago(minutes=49),
    )
    held = {
        "used": 2,
        "waiting": 1,
        "holders": [{"run": "stock-29933610", "task": "load", "slots": 2}],
    }
    queue = [{"run": "publish-spring", "task": "publish", "slots": 1}]
    head = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Pool"}
    spec = {"slots": 2, "description": "Connections to the warehouse."}
    pool = {**head, "metadata": {"name": "warehouse", "namespace": "shop"}, "spec": spec}
    story.put({**pool, "status": {}}, story.ago(days=40), queue=queue, **held)
    counts = {"total": 31, "done": 12, "failed": 1, "active": 2, "progress": "12/31"}
    story.put(backfill("january", "Running"), story.ago(hours=3), **counts)


@contextmanager
def demo(folder: Path, now: datetime) -> Iterator[CommandStage]:
    """Serve such a cluster from a thread of its own, so that a browser can look at it."""
    ready, made = threading.Event(), list[CommandStage]()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with stage(folder) as cluster:
            filled(Story(cluster, now), now)
            made.append(cluster)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(30), "the cluster has not begun"
        yield made[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()
