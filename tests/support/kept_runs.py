"""Runs as the archive keeps them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from headrace.archive.ledger.kept import KeptRun, kept_log
from support.window import NOW, Object, run, task, written

SPEC: Object = {"tasks": [{"name": "extract"}, {"name": "load", "dependsOn": ["extract"]}]}
LOG = b"2030-01-31T11:59:01.5Z one\n2030-01-31T11:59:02Z two\n"


def kept(  # noqa: PLR0913 - a case says what matters to it
    name: str = "stock-1",
    reason: str = "Succeeded",
    *,
    uid: str = "",
    workflow: str = "stock",
    namespace: str = "shop",
    created: datetime = NOW,
    definition: Object | None = SPEC,
    caller_uid: str = "",
    **status: Any,
) -> KeptRun:
    """Return a run of two tasks that ended a minute after its creation."""
    uid = uid or f"uid-of-{namespace}-{name}"
    ended = written(created + timedelta(minutes=1))
    item = run(
        name,
        reason,
        spec={"workflow": workflow},
        completionTime=ended,
        revision=f"{workflow}-r1",
        **status,
    )
    stamp = {"headrace.dev/requested-by": "alice"}
    tasks = [
        _task(name, "extract", uid, outputs={"rows": 3, "text": "a\u0000b\u2028c"}),
        _task(name, "load", uid),
    ]
    event = {
        "metadata": {"uid": f"event-{uid}"},
        "involvedObject": {"kind": "Pod", "name": f"{name}-load-1"},
        "type": "Warning",
        "reason": "BackOff",
        "message": "Back-off pulling image",
        "count": 4,
        "lastTimestamp": ended,
    }
    return KeptRun(
        run=_placed(item, namespace, uid, created, stamp),
        tasks=[_placed(each, namespace, each["metadata"]["uid"], created, {}) for each in tasks],
        definition=definition,
        events=[event],
        logs=[kept_log(("extract", 1, None), f"{name}-extract-1", LOG, cut=False)],
        caller_uid=caller_uid,
    )


def changed(item: KeptRun, **fields: Any) -> KeptRun:
    """Return the run with other fields."""
    return replace(item, **fields)


def _task(run_name: str, name: str, run_uid: str, **status: Any) -> Object:
    attempt = {
        "number": 1,
        "podName": f"{run_name}-{name}-1",
        "nodeName": "node-a",
        "exitCode": 0,
        "reason": "Succeeded",
    }
    made = task(run_name, name, "Succeeded", attempts=[attempt], attemptCount=1, **status)
    made["metadata"]["uid"] = f"{run_uid}-{name}"
    return made


def _placed(
    item: Object, namespace: str, uid: str, created: datetime, annotations: dict[str, str]
) -> Object:
    metadata = {
        **item["metadata"],
        "namespace": namespace,
        "uid": uid,
        "creationTimestamp": written(created),
        "annotations": annotations,
    }
    return {**item, "metadata": metadata}
