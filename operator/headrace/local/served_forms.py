"""
The rows of a served folder as objects of the API, with what is wrong with their files.

A light module: commands that use it start at once. Decides nothing.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from headrace.api.v1alpha1.group import API_VERSION

Object = dict[str, Any]

FILE: Final = "headrace.dev/file"
"""The annotation with the file that an object of a served folder is in."""


def object_of(kind: str, row: tuple[Any, ...]) -> Object:
    """Return the object of a row: a workflow, a pool or a backfill."""
    name, namespace, uid, created, generation, spec, status, file = row
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "generation": generation,
            **({"creationTimestamp": created} if created else {}),
            **({"annotations": {FILE: file}} if file else {}),
        },
        "spec": json.loads(spec),
        "status": json.loads(status),
    }


def by_object(rows: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    """Return what is wrong with files, by kind, namespace and name of the object."""
    found: dict[tuple[str, ...], list[str]] = {}
    for *key, line in rows:
        found.setdefault(tuple(key), []).append(line)
    return found


def with_refusal(item: Object, refused: Mapping[tuple[str, ...], list[str]]) -> Object:
    """Return an object as it is shown while its file has a mistake: not ready, and why."""
    meta = item["metadata"]
    lines = refused.get((item["kind"], meta["namespace"], meta["name"]))
    if not lines:
        return item
    words = {"reason": "InvalidDefinition", "message": "; ".join(lines)}
    states = {"Ready": "False", "Stalled": "True", "Reconciling": "False"}
    kept = [each for each in item["status"].get("conditions", ()) if each["type"] not in states]
    told = [{"type": kind, "status": state, **words} for kind, state in states.items()]
    return {**item, "status": {**item["status"], "conditions": [*kept, *told]}}
