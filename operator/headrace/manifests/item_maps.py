"""
The ConfigMaps with the items of a task: for each index, the item and the file with all about it.

Knows the size of a ConfigMap. Knows no API server.
"""

from collections.abc import Iterator
from typing import Any, Final

from headrace.engine.definition.item_texts import LARGEST_ITEM, texts
from headrace.engine.definition.work import FanOut
from headrace.engine.task.actions import StartAttempt
from headrace.manifests.names import items_name
from headrace.manifests.task_labels import task_labels

Manifest = dict[str, Any]
Data = dict[str, str]

LARGEST: Final = 512 * 1024
"""The most bytes of the items in one ConfigMap. Kubernetes takes one MiB."""

assert LARGEST >= LARGEST_ITEM  # noqa: S101 - each item has room


def item_key(index: str) -> str:
    """Return the key of an item, from its index or a reference to it."""
    return index


def task_key(index: str) -> str:
    """Return the key of the file with all about an item."""
    return f"{index}.json"


def parts(start: StartAttempt[FanOut]) -> Iterator[Data]:
    """Yield the items of a task in parts, each for one ConfigMap."""
    part: Data = {}
    room = LARGEST
    for index, (item, task) in enumerate(texts(start.work.items or (), start.context.params)):
        size = len(item.encode()) + len(task.encode())
        if size > room:
            yield part
            part, room = {}, LARGEST
        part |= {item_key(str(index)): item, task_key(str(index)): task}
        room -= size
    if part:
        yield part


def config_maps(start: StartAttempt[FanOut]) -> int:
    """Return how many ConfigMaps hold the items of a task."""
    return sum(1 for _ in parts(start))


def config_map(start: StartAttempt[FanOut], owner: Manifest, part: int, data: Data) -> Manifest:
    """
    Return a ConfigMap with some items.

    Args:
        start: The first attempt of the task.
        owner: The owner reference of its TaskRun.
        part: The place of the ConfigMap among those of the task, from 0.
        data: The items in it.

    """
    context = start.context
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": items_name(context.run, context.run_uid, start.task, part),
            "namespace": context.namespace,
            "labels": task_labels(context, start.task),
            "ownerReferences": [owner],
        },
        "immutable": True,
        "data": data,
    }
