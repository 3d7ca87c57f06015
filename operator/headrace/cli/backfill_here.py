"""
A backfill of the workflow in a file, on this machine: from the file to an exit code.

Knows the file and the output. `headrace.local.backfill` runs it.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.backfill_words import Existing
from headrace.api.v1alpha1.group import API_VERSION
from headrace.cli import given
from headrace.cli.account import user
from headrace.cli.ask import answers_ahead
from headrace.cli.backfill_spec import read_spec
from headrace.cli.called import find_called
from headrace.cli.execution import Place
from headrace.cli.input import InputError
from headrace.cli.machine import launcher_of, make_environments
from headrace.cli.planned import Planned, planned_of, preview
from headrace.cli.streams import note, tell
from headrace.cli.templates import Here
from headrace.cli.window.exits import DONE, RUN_FAILED, WindowError
from headrace.cli.words import one_line
from headrace.cli.workflow_file import WorkflowFile, read_workflow
from headrace.engine.backfill.observed import BackfillLog, KnownWorkflow
from headrace.engine.backfill.plan import Plan
from headrace.evaluation.evaluator import Evaluator
from headrace.local import recipes, runs
from headrace.local.answers_ahead import Ahead
from headrace.local.backfill import Backfill
from headrace.local.backfill_record import BackfillRecord
from headrace.local.backfill_runs import Template
from headrace.local.crowd import Crowd
from headrace.local.folder import StateFolder
from headrace.local.held import HeldError, hold
from headrace.local.launcher import Launcher
from headrace.local.live_runs import LiveRuns
from headrace.local.objects import NoStateError, StoredObjects
from headrace.local.signals import handling
from headrace.local.site import Site
from headrace.local.store import UnusableStateError
from headrace.local.workflow_store import WorkflowStore
from headrace.local.workplace import Workplace

Put = Callable[[Sequence[Planned]], None]
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAUSING: Final = (
    "pausing: no more runs start, and the active ones end; press again to kill them. The same"
    " command goes on"
)


def backfill_here(  # noqa: PLR0913, PLR0917 - what the command line has
    files: Sequence[Path],
    name: str | None,
    fields: dict[str, Any],
    params: Sequence[str],
    place: Place,
    put: Put | None,
) -> int:
    """
    Run the workflow of a file for each logical time; return the exit code.

    Args:
        files: The file, then those of workflows and templates that it uses.
        name: Which workflow, if the file has several.
        fields: The fields of a Backfill's spec.
        params: Values of parameters.
        place: Where tasks run.
        put: Prints what would be done, in a dry run; None: do it.

    Raises:
        WindowError: It cannot be.

    """
    folder = StateFolder(place.state.absolute())
    try:
        path, *others = files
        home = path.absolute().parent
        launcher = None if put is not None else launcher_of(place.runner, place.python, home)
        here = None if launcher is None else Here(launcher.interpreter)
        file = read_workflow(path, name, here, others)
        values = given.params(file.spec.params, params)
        spec = _spec(file, fields, values)
        found = planned_of(spec, _known(file).schedules)
        record = BackfillRecord(folder, spec)
        if launcher is None or put is not None:
            assert put is not None  # noqa: S101 - a dry run needs no launcher
            put(_preview(spec, found, record, place.state))
            return DONE
        called = find_called(file, others, here)
        definitions = [each.definition for each in (file, *called.values())]
        ahead = Ahead(answers_ahead(definitions, place.approve), user())
        return _run((file, called), spec, values, (place, launcher, ahead), record)
    except (InputError, UnusableStateError) as error:
        raise WindowError(str(error)) from error


def _spec(file: WorkflowFile, fields: dict[str, Any], values: dict[str, Any]) -> BackfillSpec:
    spec = {"workflow": file.name, **fields, "params": given.manifest(values)}
    meta = {"name": "here", "namespace": file.namespace}
    return read_spec(
        {"apiVersion": API_VERSION, "kind": "Backfill", "metadata": meta, "spec": spec}
    )


def _known(file: WorkflowFile) -> KnownWorkflow:
    schedules = (trigger.schedule for trigger in file.spec.triggers)
    return KnownWorkflow(
        schedules=tuple(schedule for schedule in schedules if schedule is not None),
        concurrency=file.spec.concurrency,
        params=file.definition.params,
    )


def _preview(spec: BackfillSpec, found: Plan, record: BackfillRecord, state: Path) -> list[Planned]:
    try:
        there = StoredObjects(state).runs()
    except NoStateError:
        return preview(spec, found, [])
    return preview(spec, found, there, record.begin().settled)


def _run(
    files: tuple[WorkflowFile, Mapping[str, WorkflowFile]],
    spec: BackfillSpec,
    values: dict[str, Any],
    where: tuple[Place, Launcher, Ahead],
    record: BackfillRecord,
) -> int:
    (file, called), (place, launcher, _) = files, where
    folder, home = StateFolder(place.state.absolute()), file.path.absolute().parent
    for each in (file, *called.values()):
        make_environments(each.environments)
        problems = list(launcher.problems(each.spec, each.definition))
        if problems:
            raise each.wrong(problems)
    stored = {name: each.stored for name, each in called.items()}
    known, history = _known(file), file.spec.history
    template = Template(file.namespace, file.stored, stored, values, known, history)
    runs.prepare(folder)
    for each in (file, *called.values()):
        recipes.keep(folder, each.environments)
    with ExitStack() as stack:
        stack.enter_context(_alone(folder, spec.workflow))
        before = record.read()
        if before is not None and before.log.finished and spec.existing is Existing.SKIP:
            return _end(spec, before.log, paused=False)
        store = stack.enter_context(WorkflowStore(folder.database))
        site = Site(home, folder, store, partial(datetime.now, UTC))
        return asyncio.run(_go(site, spec, template, record, where))


@contextmanager
def _alone(folder: StateFolder, workflow: str) -> Iterator[None]:
    """Let no other process backfill this workflow meanwhile."""
    try:
        with hold(folder.root / f"backfill-{workflow}.lock"):
            yield
    except HeldError as error:
        raise InputError(
            f"process {error} backfills workflow {workflow} already; wait for it, or stop it with"
            f" kill {error}"
        ) from error


async def _go(
    site: Site,
    spec: BackfillSpec,
    template: Template,
    record: BackfillRecord,
    where: tuple[Place, Launcher, Ahead],
) -> int:
    (place, launcher, ahead), evaluator = where, Evaluator()
    backfill = Backfill(site, spec, template, record, _say)

    # As for `headrace run`, there are no pools.
    crowd = Crowd(backfill.inventory, site.clock, place.max_parallel)
    workplace = Workplace(
        *(site.folder, site.store, launcher, evaluator.evaluate),
        *(place.max_parallel, place.no_wait),
        neighbours=crowd,
    )
    backfill.live = LiveRuns(site, crowd, backfill, workplace)
    backfill.answer = partial(ahead.answer, crowd.worlds, site.clock, _say)
    with _listening(backfill):
        try:
            await backfill.go()
        finally:
            await evaluator.close()
    return _end(spec, backfill.log, paused=backfill.paused)


def _listening(backfill: Backfill) -> AbstractContextManager[None]:
    """Handle signals meanwhile: the first one pauses, the second one kills."""

    def pause() -> None:
        if not backfill.paused:
            note(_PAUSING)
        backfill.pause()

    return handling(dict.fromkeys(_SIGNALS, pause))


def _say(run: str, words: str) -> None:
    tell([f"{datetime.now():%H:%M:%S}  {run}  {one_line(words)}"])  # noqa: DTZ005 - people's own time


def _end(spec: BackfillSpec, log: BackfillLog, *, paused: bool) -> int:
    """Say how it ended; return the exit code."""
    counts = {
        "done": len(log.good),
        "failed": len(log.bad),
        "skipped": len(log.skipped),
        "left": len(log.open) + len(log.active),
    }
    words = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
    tell([f"backfill of {spec.workflow}, {log.total} logical times: {words}"])
    if log.message and log.bad:
        tell([f"{log.message}; --existing rerun-failed repeats them"])
    if paused and log.finished is None:
        note("the same command goes on")
    return DONE if log.finished is not None and log.succeeded else RUN_FAILED
