"""
What people do with a click: steer, start, repeat, answer. Each with the command that does the same.

The rules are those of the command line. Knows sources and words; knows no HTTP.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from headrace.cli import given
from headrace.cli.approve import chosen_of, end_of
from headrace.cli.rerun import check, definition_for, other_values
from headrace.cli.start import run_fields
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import WindowError
from headrace.cli.window.kubectl import patch_command
from headrace.cli.window.laptop import LaptopSource
from headrace.cli.window.new_run import created, manifest
from headrace.cli.window.options import Window
from headrace.cluster.kinds import APPROVALS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.objects import Object, ended, name, text
from headrace.views.steering import STEERS, obstacle
from headrace.web.answers import Done
from headrace.web.files_here import files_here
from headrace.web.runs_here import begin

AnySource = ClusterSource | LaptopSource


@dataclass(frozen=True, slots=True)
class Deed:
    """Where something is done, or only shown."""

    window: Window
    source: AnySource
    preview: bool
    """Say the command, and change nothing."""

    def command(self, ours: Sequence[str], kind: Resource, name: str, patch: dict[str, Any]) -> str:
        """Return the command that changes an object: kubectl's, or our own on a laptop."""
        if isinstance(self.source, ClusterSource):
            return patch_command(self.window, self.source, kind, name, patch)
        return ours_here(self.window, ours)


def ours_here(window: Window, words: Sequence[str]) -> str:
    """Return a command of ours over the folder of state."""
    return shlex.join(["headrace", *words, f"--state={window.state}"])


def steer_run(deed: Deed, run: str, verb: str) -> Done:
    """Pause, resume, stop, cancel or terminate a run."""
    steer = STEERS[verb]
    item = deed.source.named(WORKFLOW_RUNS, run)
    patch = {"spec": {"desiredState": steer.state}}
    command = deed.command([verb, run], WORKFLOW_RUNS, run, patch)
    problem = obstacle(item, steer)
    if problem is not None:
        raise WindowError(problem)
    if not deed.preview:
        deed.source.change(WORKFLOW_RUNS, run, patch)
    remark = deed.source.carried_out(run)
    return Done(f"run {run}: {steer.effect}{f'; {remark}' if remark else ''}", command)


def steer_workflow(deed: Deed, workflow: str, verb: str) -> Done:
    """Switch the triggers of a workflow off or on."""
    steer = STEERS[verb]
    if not isinstance(deed.source, ClusterSource):
        raise WindowError("a workflow on this machine has no triggers that could be switched")
    patch = {"spec": {"suspend": steer.suspend}}
    command = deed.command([], WORKFLOWS, workflow, patch)
    deed.source.named(WORKFLOWS, workflow)
    if not deed.preview:
        deed.source.change(WORKFLOWS, workflow, patch)
    return Done(f"workflow {workflow}: {steer.workflow_effect}", command)


def start(deed: Deed, workflow: str, params: Mapping[str, str], logical_time: str | None) -> Done:
    """Start a run of a workflow."""
    given_params = _given(params)
    if isinstance(deed.source, LaptopSource):
        return _start_here(deed, deed.source, workflow, given_params, logical_time)
    definition = deed.source.named(WORKFLOWS, workflow)
    spec = {"workflow": workflow, **run_fields(definition, given_params, logical_time)}
    return _new(deed, spec, f"of workflow {workflow} is created")


def _start_here(
    deed: Deed,
    source: LaptopSource,
    workflow: str,
    params: Sequence[str],
    logical_time: str | None,
) -> Done:
    file = files_here(source).get(workflow)
    if file is None:
        raise WindowError(f"no file of this machine has the workflow {workflow} today")
    file.check(workflow)
    run_fields(file.value, params, logical_time)
    words = [*file.words(workflow), *(f"--param={each}" for each in params)]
    if logical_time:
        words.append(f"--logical-time={logical_time}")
    command = ours_here(deed.window, words)
    if deed.preview:
        return Done(f"a run of workflow {workflow} begins on this machine", command)
    made = begin(source, words, deed.window.state)
    return Done(f"run {made} of workflow {workflow} has begun", command, made)


def _given(params: Mapping[str, str]) -> list[str]:
    """Return values as the command line has them."""
    return [f"{key}={value}" for key, value in params.items()]


def rerun(deed: Deed, run: str, rerun_of: dict[str, Any], params: Mapping[str, str]) -> Done:
    """Repeat a run."""
    asked = {"name": run, **rerun_of}
    earlier = deed.source.named(WORKFLOW_RUNS, run)
    latest = rerun_of.get("revision") == "Latest"
    other = _given(params)
    if isinstance(deed.source, LaptopSource):
        check(deed.source, earlier, deed.source.definition(earlier), asked)
        words = ["rerun", run, *_options(rerun_of), *(f"--param={each}" for each in other)]
        command = ours_here(deed.window, words)
        if deed.preview:
            return Done(f"a new run will repeat run {run}", command)
        made = begin(deed.source, words, deed.window.state)
        return Done(f"run {made} repeats run {run}", command, made)
    definition = definition_for(deed.source, earlier, latest=latest)
    check(deed.source, earlier, definition, asked)
    spec: dict[str, Any] = {"workflow": text(earlier, "spec", "workflow"), "rerunOf": asked}
    if other:
        spec["params"] = given.manifest(other_values(earlier, definition, other))
    return _new(deed, spec, f"repeats run {run}")


def _options(rerun_of: Mapping[str, Any]) -> list[str]:
    """Return the options of `headrace rerun` that mean the same."""
    words = []
    if rerun_of.get("from") == "All":
        words += ["--from", "all"]
    if rerun_of.get("task"):
        words += ["--task", str(rerun_of["task"])]
    if rerun_of.get("downstreamOnly"):
        words.append("--downstream-only")
    if rerun_of.get("revision") == "Latest":
        words.append("--latest")
    return words


def _new(deed: Deed, spec: dict[str, Any], words: str) -> Done:
    source = deed.source
    assert isinstance(source, ClusterSource)  # noqa: S101 - whoever calls has looked
    body = manifest(source, spec, datetime.now(UTC))
    command = create_command(deed.window, body)
    if deed.preview:
        source.create(WORKFLOW_RUNS, body, dry_run=True)
        return Done(f"a run that {words}", command)
    made = created(source, body)
    return Done(f"run {name(made)} {words}", command, name(made))


def create_command(window: Window, body: Mapping[str, Any]) -> str:
    """Return the command that creates an object."""
    written = json.dumps(body, ensure_ascii=False)
    return f"{shlex.join(window.kubectl)} create --filename=- <<< {shlex.quote(written)}"


def answer(deed: Deed, approval: str, choice: str, comment: str) -> Done:
    """Answer a question."""
    question: Object = deed.source.named(APPROVALS, approval)
    if ended(question):
        raise WindowError(f"{approval} is closed: {end_of(question)}")
    chosen = chosen_of(question, choice)
    answered = {"choice": chosen, **({"comment": comment} if comment else {})}
    more = ["--comment", comment] if comment else []
    ours = ["approve", f"approval/{approval}", chosen, *more]
    command = deed.command(ours, APPROVALS, approval, {"spec": {"answer": answered}})
    if not deed.preview:
        deed.source.answer(question, chosen, comment)
    run, task = text(question, "spec", "run"), text(question, "spec", "task")
    remark = deed.source.carried_out(run)
    return Done(f"task {task} of run {run}: {chosen}{f'; {remark}' if remark else ''}", command)
