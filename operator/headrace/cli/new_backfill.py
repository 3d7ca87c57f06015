"""
A new Backfill on a cluster: its manifest, and what it would do.

Knows values, and the runs that are there. Creates nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from headrace.api.v1alpha1.group import API_VERSION
from headrace.cli import given
from headrace.cli.input import InputError
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import WindowError
from headrace.cli.window.source import Choice
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.views.objects import Object, entries, name

if TYPE_CHECKING:
    from headrace.cli.planned import Planned

_WORKFLOW_LENGTH: Final = 40
"""How many of the 63 characters of a Backfill's name its workflow may have."""


def backfill_name(workflow: str, begin: str, end: str) -> str:
    """Return a name that comes again with the same command: nobody creates it twice."""
    first, last = (given.instant(each) for each in (begin, end))
    head = workflow[:_WORKFLOW_LENGTH].rstrip("-.")
    return f"{head}-{first:%Y%m%d}-{last:%Y%m%d}"


def manifest(
    called: str, definition: Object, params: Sequence[str], spec: dict[str, Any]
) -> dict[str, Any]:
    """
    Return the manifest of a new Backfill, in no namespace yet.

    Args:
        called: Its name.
        definition: The Workflow.
        params: Values of parameters; each parameter without a default is needed.
        spec: The other fields.

    """
    declared = given.declared(entries(definition, "spec", "params"))
    try:
        values = given.params(declared, params)
    except InputError as error:
        raise WindowError(str(error)) from error
    more = {"params": given.manifest(values)} if values else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "Backfill",
        "metadata": {"name": called},
        "spec": {"workflow": name(definition), **spec, **more},
    }


def preview(
    source: ClusterSource, definition: Object, body: dict[str, Any], *, checked: bool
) -> "list[Planned]":
    """
    Return what the Backfill would do, by the runs that are there.

    Args:
        source: The cluster.
        definition: The Workflow.
        body: The Backfill.
        checked: Whether nothing of it can be wrong. To check it takes longer than all else here.

    """
    from headrace.cli import planned  # noqa: PLC0415 - for this only

    try:
        if not checked:
            from headrace.cli.backfill_spec import read_spec  # noqa: PLC0415 - loads all types

            read_spec(body)
        spec = planned.asked_of(body["spec"])
        triggers = entries(definition, "spec", "triggers")
        found = planned.planned_of(spec, planned.schedules_of(triggers))
    except InputError as error:
        raise WindowError(str(error)) from error
    choice = Choice(fields=f"spec.workflow={spec.workflow}")
    return planned.preview(spec, found, source.listed(WORKFLOW_RUNS, choice).items)
