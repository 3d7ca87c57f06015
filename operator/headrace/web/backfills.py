"""
Backfills on a cluster with a click: a new one, with what it would do, and one that is steered.

The rules are those of the command line. Knows sources and words; knows no HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headrace.cli.backfill_options import fields, span
from headrace.cli.new_backfill import backfill_name, manifest, preview
from headrace.cli.planned import Planned
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import WindowError
from headrace.cluster.kinds import BACKFILLS, WORKFLOWS
from headrace.views.objects import name
from headrace.views.steering import STEERS, obstacle
from headrace.web.acting import Deed, create_command
from headrace.web.answers import Done, PlannedRun

_SHOWN: Final = 500
"""How many logical times a preview has; the message counts all."""
_HERE: Final = "headrace backfill FILE runs one on this machine"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What somebody asks of a backfill, as the options of the command have it."""

    first: str
    last: str
    step: Mapping[str, Any]
    time_zone: str | None
    order: str
    existing: str
    on_failure: str
    max_active: int
    params: Sequence[str]

    def spec(self) -> dict[str, Any]:
        """Return the fields of the spec."""
        own = fields(
            step=dict(self.step),
            time_zone=self.time_zone,
            order=self.order,
            max_active=self.max_active,
            existing=self.existing,
            on_failure=self.on_failure,
            priority=None,
        )
        return {**span(self.first, self.last), **own}


def begin_backfill(deed: Deed, workflow: str, stretch: Stretch) -> Done:
    """Create a Backfill; as a preview, say which runs it would create."""
    source = _cluster(deed)
    definition = source.named(WORKFLOWS, workflow)
    spec = stretch.spec()
    called = backfill_name(workflow, stretch.first, stretch.last)
    body = manifest(called, definition, stretch.params, spec)
    body["metadata"]["namespace"] = source.namespace
    command = create_command(deed.window, body)
    if not deed.preview:
        made = source.create(BACKFILLS, body)
        return Done(f"backfill {name(made)} of workflow {workflow} is created", command)
    times = preview(source, definition, body, checked=False)
    source.create(BACKFILLS, body, dry_run=True)
    new = sum(bool(each.run) for each in times)
    words = f"{new} of {len(times)} logical times would get a run"
    return Done(words, command, planned=[_row(each) for each in times[:_SHOWN]])


def steer_backfill(deed: Deed, backfill: str, verb: str) -> Done:
    """Pause, resume, stop or cancel a Backfill."""
    source, steer = _cluster(deed), STEERS[verb]
    item = source.named(BACKFILLS, backfill)
    patch = {"spec": {"desiredState": steer.state}}
    problem = obstacle(item, steer)
    if problem is not None:
        raise WindowError(problem)
    command = deed.command([verb, f"backfill/{backfill}"], BACKFILLS, backfill, patch)
    if not deed.preview:
        source.change(BACKFILLS, backfill, patch)
    return Done(f"backfill {backfill}: {steer.backfill_effect}", command)


def _cluster(deed: Deed) -> ClusterSource:
    if not isinstance(deed.source, ClusterSource):
        raise WindowError(_HERE)
    return deed.source


def _row(planned: Planned) -> PlannedRun:
    told = planned.fields()
    return PlannedRun(told["logicalTime"], planned.run, planned.existing)
