"""
The runs of a Backfill: as manifests, and the marks by which they are known.

Knows labels and annotations. Decides nothing.
"""

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.engine.backfill.observed import PlacedRun
from headrace.kube.objects import Meta
from headrace.manifests.json_form import as_given
from headrace.manifests.objects import Manifest, workflow_run


def backfill_run(backfill: Meta, spec: BackfillSpec, placed: PlacedRun) -> Manifest:
    """
    Return a run of a Backfill. No owner: deleting the Backfill leaves its runs.

    Args:
        backfill: The Backfill's metadata: who asked for it asked for its runs too.
        spec: Its spec.
        placed: The run, its logical time by its position, and what it repeats.

    """
    place = {
        "name": spec.workflow,
        "namespace": backfill.namespace,
        "annotations": backfill.annotations,
    }
    manifest = workflow_run(place, placed.run)
    metadata = manifest["metadata"]
    metadata["labels"][labels.BACKFILL] = backfill.name
    metadata["annotations"][labels.BACKFILL_UID] = backfill.uid
    metadata["annotations"][labels.BACKFILL_TICK] = str(placed.place)
    given = RunSpec(
        workflow=spec.workflow,
        params=spec.params,
        priority=spec.priority,
        rerun_of=placed.rerun_of,
    )
    return {**manifest, "spec": {**manifest["spec"], **as_given(given)}}


def backfill_of(run: Meta) -> str | None:
    """Return the uid of the Backfill that created a run; None: no Backfill did."""
    return run.annotations.get(labels.BACKFILL_UID)


def place_of(run: Meta) -> int | None:
    """Return the position of the logical time of a run of a Backfill; None: it names none."""
    written = run.annotations.get(labels.BACKFILL_TICK, "")
    return int(written) if written.isdecimal() and written.isascii() else None
