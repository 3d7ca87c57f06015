"""
How long the page takes until somebody can use it, in a real browser, over a lot of data.

    PYTHONPATH=tests:. python -m bench.page [--rounds N]

Writes folders of state for each case, serves them as `headrace ui` does, and opens the page in
Chromium: until what is asked for can be seen, and while it scrolls. CPU is that of server and
browser together; it does not grow while others use the machine, or hardly. The page must be built
(`make ui`). Nothing runs: the rows are written into the database.
"""

import argparse
import gzip
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, expect

from headrace.cli.window.options import Window
from headrace.local.folder import StateFolder
from headrace.local.store import Store
from headrace.web.places import LaptopPlace
from support.browser import ROOT, browsing
from support.page_server import SECRET, page_over

GOAL_SECONDS: Final = 2.0
BEGIN: Final = datetime(2030, 1, 1, tzinfo=UTC)
LOG_BYTES: Final = 100 * 1024 * 1024
WIDTH: Final = 100
"""How many tasks of the large runs stand beside each other."""
PATIENCE_MS: Final = 60_000
SCROLLED: Final = """async selector => {
  const box = document.querySelector(selector);
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < 60; step += 1) {
    box.scrollTop += box.clientHeight / 3;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return frames;
}"""


@dataclass(frozen=True, slots=True)
class Case:
    """A page over a lot of data."""

    name: str
    path: str
    seen: str
    """A selector of what somebody waits for."""
    scrolled: str
    """A selector of what scrolls; empty: nothing does."""


CASES: Final = (
    Case("1,000 workflows of 20 runs", "/workflows", ".row a", ".scrolling"),
    Case("grid of 100 runs and 200 tasks", "/workflows/wide", "a.cell", ".grid-frame"),
    Case("run of 5,000 tasks: its table", "/runs/large", ".row a", ".scrolling"),
    Case("run of 5,000 tasks: its graph", "/runs/large?tab=Graph", ".node", ""),
    Case("task with 10,000 items", "/runs/items/tasks/each?tab=Facts", ".facts dt", ""),
    Case("log of 100 MB", "/runs/log/tasks/t0", ".line", ".lines"),
)


def main() -> None:
    """Write the data, measure each case, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"page script: {script_bytes() / 1024:.0f} KiB compressed")
    print("| case | usable, median (worst) | CPU | answers | frame while scrolling, p95 |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home, browsing() as browser:
        for number, case in enumerate(CASES):
            state = Path(home, str(number), ".headrace")
            write(state, case)
            with page_over(LaptopPlace(Window(state=state))) as server:
                print(measured(browser, server.origin, case, rounds), flush=True)


def measured(browser: Browser, origin: str, case: Case, rounds: int) -> str:
    """Open a page some times, each in a browser that has no files of it yet."""
    taken, work, sizes, frames = [], [], [0], [0.0]
    for _ in range(rounds):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{origin}/nothing?token={SECRET}")
        page.on(
            "response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0)))
        )
        begin, before = time.perf_counter(), cpu_seconds()
        page.goto(f"{origin}{case.path}", wait_until="commit")
        expect(page.locator(case.seen).first).to_be_visible(timeout=PATIENCE_MS)
        # A frame is drawn after it, so nothing long stands before the next click.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        taken.append(time.perf_counter() - begin)
        work.append(cpu_seconds() - before)
        if case.scrolled:
            frames += page.evaluate(SCROLLED, case.scrolled)
        page.close()
    late = " **late**" if statistics.median(taken) > GOAL_SECONDS else ""
    jank = f"{statistics.quantiles(frames, n=20)[-1]:.0f} ms" if len(frames) > 1 else ""
    usable = f"{statistics.median(taken):.2f} s ({max(taken):.2f}){late}"
    cpu = f"{statistics.median(work):.2f} s"
    return f"| {case.name} | {usable} | {cpu} | {sum(sizes) / rounds / 1024:.0f} KiB | {jank} |"


def cpu_seconds() -> float:
    """Return the CPU time of this process, the server, and of all below it: the browser."""
    parents, ticks = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        process = int(file.parent.name)
        parents[process], ticks[process] = int(fields[1]), int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    while more := {each for each, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks.get(each, 0) for each in ours) / os.sysconf("SC_CLK_TCK")


def script_bytes() -> int:
    """Return how many bytes the scripts of the page have, compressed."""
    built = ROOT / "operator" / "headrace" / "web" / "page" / "assets"
    return sum(len(gzip.compress(file.read_bytes())) for file in built.glob("*.js"))


def write(state: Path, case: Case) -> None:
    """Write the folder of state of a case."""
    folder = StateFolder(state)
    folder.root.mkdir(mode=0o700, parents=True)
    with Store(folder.database):  # makes the tables
        pass
    with closing(sqlite3.connect(folder.database)) as db:
        for name, workflow, tasks, at in runs(case):
            add_run(db, name, workflow, tasks, at)
        db.commit()
    if "log" in case.name:
        path = folder.attempt("log", "t0", 1).log
        path.parent.mkdir(parents=True)
        line = f"{'row ' * 18}{'x' * 8}\n"
        path.write_text(line * (LOG_BYTES // len(line)))


def runs(case: Case) -> Iterator[tuple[str, str, list[str], datetime]]:
    """Yield the runs of a case: name, workflow, tasks and begin."""
    if "workflows" in case.name:
        for number in range(20_000):
            at = BEGIN + timedelta(minutes=number)
            yield f"w{number % 1000}-{number // 1000}", f"w{number % 1000}", [], at
    elif "grid" in case.name:
        tasks = [f"t{number}" for number in range(200)]
        for number in range(100):
            yield f"wide-{number}", "wide", tasks, BEGIN + timedelta(hours=number)
    elif "5,000" in case.name:
        yield "large", "large", [f"t{number}" for number in range(5000)], BEGIN
    elif "items" in case.name:
        yield "items", "items", ["each"], BEGIN
    else:
        yield "log", "log", ["t0"], BEGIN


def add_run(
    db: sqlite3.Connection, name: str, workflow: str, tasks: list[str], at: datetime
) -> None:
    """Add a run that has ended, each fourth task after a failed attempt."""
    spec = {
        "tasks": [
            {"name": task, "dependsOn": [tasks[place - WIDTH]] if place >= WIDTH else []}
            for place, task in enumerate(tasks)
        ]
    }
    status = ended(at, timedelta(minutes=9))
    db.execute(
        "INSERT INTO run (name, namespace, uid, workflow, created, spec, folder, params, desired,"
        " status, finished) VALUES (?, 'default', ?, ?, ?, ?, '/none', '{}', 'Run', ?, 1)",
        (name, name, workflow, written(at), json.dumps(spec), json.dumps(status)),
    )
    db.executemany(
        "INSERT INTO task (run, name, created, status) VALUES (?, ?, ?, ?)",
        [
            (name, task, written(at), json.dumps(task_status(at, place, task)))
            for place, task in enumerate(tasks)
        ],
    )


def task_status(at: datetime, place: int, task: str) -> dict[str, Any]:
    """Return the status of a task."""
    attempts = [
        {
            "number": number,
            "createdTime": written(at),
            "startTime": written(at),
            "finishTime": written(at + timedelta(minutes=number)),
            "reason": "Succeeded",
            "exitCode": 0,
        }
        for number in range(1, 2 + (place % 4 == 0 and task != "t0"))
    ]
    more = {"attempts": attempts, "attemptCount": len(attempts)}
    items = {"items": {"total": 10_000, "progress": "10000/10000"}} if task == "each" else {}
    return {**ended(at, timedelta(minutes=2)), **more, **items}


def ended(at: datetime, took: timedelta) -> dict[str, Any]:
    """Return the status of something that succeeded."""
    end = written(at + took)
    done = {"type": "Succeeded", "status": "True", "reason": "Succeeded", "message": ""}
    return {
        "conditions": [{**done, "lastTransitionTime": end}],
        "startTime": written(at),
        "completionTime": end,
    }


def written(at: datetime) -> str:
    """Write an instant."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
