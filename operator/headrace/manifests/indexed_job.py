"""
From an attempt over items to its Indexed Job.

Knows the fields of Indexed Jobs, and where a pod finds its item. `job` builds the pod.
"""

from typing import Any, Final

from headrace.api.v1alpha1 import labels
from headrace.engine.definition.work import FanOut
from headrace.engine.places import Places
from headrace.engine.task.actions import StartAttempt
from headrace.manifests.item_files import INDEX, ITEM_FILE, ITEM_PATH, TASK_FILE, TASK_PATH
from headrace.manifests.item_maps import item_key, task_key
from headrace.manifests.job import job
from headrace.manifests.kube import Job
from headrace.manifests.names import items_name

Manifest = dict[str, Any]

ITEMS: Final = "headrace-items"
"""The name of the volume."""

INDEXED: Final = "Indexed"


def indexed_job(start: StartAttempt[FanOut], owner: Manifest, maps: int) -> Manifest:
    """
    Return the Job of an attempt over items.

    An item has the same index in each attempt. The Job of a later one is suspended, until it knows
    the items that need not run: see `prepared` and `resumed`.

    Args:
        start: The attempt.
        owner: The owner reference of its TaskRun.
        maps: How many ConfigMaps hold the items.

    """
    manifest, work = job(start, owner), start.work
    spec, meta = manifest["spec"], manifest["metadata"]
    del spec["backoffLimit"]
    spec |= {
        "completionMode": INDEXED,
        "completions": work.total,
        "parallelism": work.max_parallel or work.total,
        # One attempt, one pod an item, as for a task without items.
        "backoffLimitPerIndex": 0,
    }
    meta["annotations"][labels.ITEMS] = work.digest
    if settled(work):
        spec["suspend"] = True
        meta["labels"].pop(labels.QUEUE, None)  # else Kueue would let it go unprepared
        meta["annotations"][labels.UNPREPARED] = "true"
    pod = spec["template"]["spec"]
    names = (
        items_name(start.context.run, start.context.run_uid, start.task, part)
        for part in range(maps)
    )
    sources = [{"configMap": {"name": name}} for name in names]
    pod["volumes"] = [*pod.get("volumes", ()), {"name": ITEMS, "projected": {"sources": sources}}]
    _show_item(pod["containers"][0])
    return manifest


def settled(work: FanOut) -> Places:
    """Return the items that an attempt need not run."""
    return Places.first(work.total) - work.todo


def prepared(work: FanOut, version: str) -> Manifest:
    """
    Return the change of a suspended Job's status, after which it runs only the items to do.

    The Job controller creates no pod for an index that the status says is complete.

    Args:
        work: The items.
        version: The resourceVersion of the Job.

    """
    done = settled(work)
    status = {"completedIndexes": str(done), "succeeded": len(done)}
    return {"metadata": {"resourceVersion": version}, "status": status}


def knows_what_to_do(job: Job, work: FanOut) -> bool:
    """Return whether a Job's status says already which items it need not run."""
    return job.status.completed_indexes == str(settled(work))


def resumed(version: str, queue: str | None = None) -> Manifest:
    """
    Return the change of a prepared Job that lets it go on.

    Args:
        version: The resourceVersion of the Job.
        queue: The queue of Kueue that it waits in from now on: then Kueue lets it go on.

    """
    annotations = {labels.UNPREPARED: None}
    metadata: Manifest = {"resourceVersion": version, "annotations": annotations}
    if queue is not None:
        return {"metadata": {**metadata, "labels": {labels.QUEUE: queue}}}
    return {"metadata": metadata, "spec": {"suspend": False}}


def is_indexed(job: Job) -> bool:
    """Return whether a Job runs items."""
    return job.spec.completion_mode == INDEXED


def is_unprepared(job: Job) -> bool:
    """Return whether a Job does not yet know which items it runs: it runs none."""
    return labels.UNPREPARED in job.metadata.annotations


def _show_item(container: Manifest) -> None:
    """Give a container its item: two files, and the variables that name them."""
    path = f"metadata.annotations['{labels.COMPLETION_INDEX}']"
    container["env"] += [
        {"name": INDEX, "valueFrom": {"fieldRef": {"fieldPath": path}}},
        {"name": ITEM_FILE, "value": ITEM_PATH},
        {"name": TASK_FILE, "value": TASK_PATH},
    ]
    for key, mount in ((item_key, ITEM_PATH), (task_key, TASK_PATH)):
        container.setdefault("volumeMounts", []).append(
            {
                "name": ITEMS,
                "mountPath": mount,
                "subPathExpr": key(f"$({INDEX})"),
                "readOnly": True,
            }
        )
