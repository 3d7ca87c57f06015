"""
How long a command over a cluster takes, from the start of its process to its end.

    PYTHONPATH=tests:. python -m bench.commands [--kubeconfig FILE] [--rounds N] [--keep]

Makes a namespace with 100 runs of 100 TaskRuns each on a real API server, and types each verb so
many times. What a bare Python takes stands beside it. The namespace is deleted at the end; with
--keep it stays, and the next time is found again.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from headrace.access.connection import Connection
from headrace.access.failures import RefusedError
from headrace.access.kubeconfig import in_namespace, place
from headrace.access.login import login
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import CONTROLLER_REVISIONS, NAMESPACES, Resource
from headrace.views.objects import name, number
from support.window import revision, run, task, workflow

NAMESPACE: Final = "bench-commands"
RUNS: Final = 100
TASKS: Final = 100
AT_ONCE: Final = 16
GOAL_MS: Final = 300.0
PROGRAM: Final = (sys.executable, "-c", "from headrace.cli.main import main; main()")
SPAN: Final = "--from 2029-01-01T00:00:00Z --to 2029-12-31T00:00:00Z"
VERBS: Final = (
    *("list", "list -o json", "list workflows", "list tasks", "list tasks --run r-50"),
    *("show r-50", "show r-50 t-50", "show workflow/stock", "show r-500"),
    *("explain r-50", "explain workflow/stock", "logs r-50", "watch r-99"),
    *("start stock --print", "start stock --param rows=1 --print", "pause r-50", "resume r-50"),
    *("stop r-50 --print", "schedule next stock", "approve r-50", "rerun r-99 --from all --print"),
    f"backfill stock {SPAN} --print",
    f"backfill stock {SPAN} --dry-run",
)
"""What is typed. Some end with a code that tells a wrong name, or that there is nothing to do."""
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took, in milliseconds."""

    wall: float
    cpu: float
    """Of its process. It does not grow while others use the machine, or hardly."""


def main() -> None:
    """Make the namespace, measure, and clear up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    where = in_namespace(place(os.environ, Path.home(), asked.kubeconfig), NAMESPACE)
    connection = Connection(where, login(where, os.environ))
    fill(connection)
    try:
        report(asked.kubeconfig, asked.rounds)
    finally:
        if not asked.keep:
            words = ["kubectl", "delete", "namespace", NAMESPACE, "--wait=false"]
            subprocess.run([*words, *kubectl_options(asked.kubeconfig)], check=True)  # noqa: S603


def kubectl_options(kubeconfig: str | None) -> list[str]:
    """Return the option that names the cluster."""
    return [f"--kubeconfig={kubeconfig}"] if kubeconfig else []


def fill(connection: Connection) -> None:
    """Make the objects that are not there yet."""
    found = connection.get(TASK_RUNS.path(NAMESPACE), {"limit": "1"})
    if number(found, "metadata", "remainingItemCount") == RUNS * TASKS - 1:
        return
    create(connection, NAMESPACES, {"metadata": {"name": NAMESPACE}})
    steps = [{"name": f"t-{number}"} for number in range(TASKS)]
    create(connection, CONTROLLER_REVISIONS, in_it(revision("stock-1", *steps)))
    params = [{"name": "rows", "type": "Integer", "default": 1}]
    triggers = [{"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}]
    body = {"defaults": {"image": "busybox"}, "params": params, "triggers": triggers}
    tasks = [{"name": "t", "command": ["true"]}]
    create(connection, WORKFLOWS, in_it(workflow(spec={**body, "tasks": tasks})))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = pool.map(partial(one_run, connection), range(RUNS))
        print(f"{sum(made)} TaskRuns are new", flush=True)


def one_run(connection: Connection, nth: int) -> int:
    """Make a run with its TaskRuns; return how many were new."""
    own, last = connection.another(), nth == RUNS - 1
    reason = "Succeeded" if last else "Running"
    status = {"revision": "stock-1", "progress": f"50/{TASKS}"}
    create(own, WORKFLOW_RUNS, in_it(run(f"r-{nth}", reason, **status)))
    made = 0
    for place_ in range(TASKS):
        state = "Succeeded" if place_ < TASKS // 2 or last else "Running"
        item = task(f"r-{nth}", f"t-{place_}", state, attemptCount=1)
        made += create(own, TASK_RUNS, in_it(item))
    return made


def create(connection: Connection, kind: Resource, item: Object) -> bool:
    """Create an object with its status; return whether it was new."""
    path = kind.path(NAMESPACE)
    try:
        connection.post(path, item)
    except RefusedError as error:
        if error.reason != "AlreadyExists":
            raise
        return False
    if item.get("status"):
        connection.patch(f"{path}/{name(item)}/status", {"status": item["status"]})
    return True


def in_it(item: Object) -> Object:
    """Return an object in our namespace."""
    return {**item, "metadata": {**item["metadata"], "namespace": NAMESPACE}}


def report(kubeconfig: str | None, rounds: int) -> None:
    """Type each verb so many times, in turns, and print what each took."""
    where = ["--namespace", NAMESPACE, *(["--kubeconfig", kubeconfig] if kubeconfig else [])]
    commands = {verb: [*PROGRAM, *verb.split(), *where] for verb in VERBS}
    taken: dict[str, list[Taken]] = {verb: [] for verb in ("python -c pass", *VERBS)}
    for _ in range(rounds):
        taken["python -c pass"].append(milliseconds([sys.executable, "-c", "pass"]))
        for verb, command in commands.items():
            taken[verb].append(milliseconds(command))
    print("| headrace … | median | slowest | CPU | |", "|---|---|---|---|---|", sep="\n")
    for line in rows(taken):
        print(line)


def rows(taken: dict[str, list[Taken]]) -> Iterator[str]:
    """Yield a line for each verb."""
    for verb, times in taken.items():
        walls = [each.wall for each in times]
        middle, worst = statistics.median(walls), max(walls)
        cpu = statistics.median(each.cpu for each in times)
        verdict = "" if middle < GOAL_MS else "**over 300 ms**"
        yield f"| `{verb}` | {middle:.0f} ms | {worst:.0f} ms | {cpu:.0f} ms | {verdict} |"


def milliseconds(command: Sequence[str]) -> Taken:
    """Return what a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    wall = time.perf_counter() - begin
    if "Traceback" in done.stderr:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall * 1000, cpu * 1000)


if __name__ == "__main__":
    main()
