"""
Builders: Jobs and Pods as an API server sends them, in a line that shows what matters to a case.

The words and fields are those of a cluster of version 1.36 with containerd, as they were seen
there; where that could not be made to happen (a lost node, a preemption), those of its reference.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from headrace.engine.task.observed import Sighting
from headrace.manifests.kube import Job, Pod
from headrace.manifests.sighting import sight

NOW = datetime(2030, 1, 1, 13, tzinfo=UTC)
Manifest = dict[str, Any]


def clock(text: str) -> str:
    """Return a time of the first of January as Kubernetes writes it: `12:00:05`."""
    return f"2030-01-01T{text}Z"


def moment(text: str) -> datetime:
    """Return the same time as an instant."""
    return datetime.fromisoformat(clock(text))


def condition(
    kind: str, status: str = "True", reason: str = "", message: str = "", when: str = "12:00:30"
) -> Manifest:
    """Return a condition."""
    fields = {"reason": reason, "message": message, "lastTransitionTime": clock(when)}
    return {"type": kind, "status": status, **fields}


def job(
    *conditions: Manifest, deleted: bool = False, suspend: bool = False, **meta: Any
) -> Manifest:
    """Return the Job of attempt 2, made at noon."""
    metadata = {
        "name": "etl-1-extract-abcdefghij",
        "namespace": "default",
        "uid": "job-uid",
        "resourceVersion": "11",
        "creationTimestamp": clock("12:00:00"),
        "labels": {"headrace.dev/attempt": "2", "headrace.dev/run": "etl-1"},
        **({"deletionTimestamp": clock("12:00:20")} if deleted else {}),
        **meta,
    }
    return {
        "metadata": metadata,
        "spec": {"suspend": suspend, "backoffLimit": 0},
        "status": {"conditions": list(conditions), "active": 1, "ready": 0},
    }


FAILED = condition(
    "Failed", reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit"
)
COMPLETE = condition("Complete", reason="CompletionsReached")


def pod(  # noqa: PLR0913 - a builder: each case names the few that matter to it
    state: Manifest | None = None,
    phase: str = "Pending",
    *,
    name: str = "extract-x1",
    made: str = "12:00:01",
    node: str = "node-1",
    conditions: Iterable[Manifest] = (),
    deleted: str | None = None,
    grace: int = 30,
    init: Manifest | None = None,
    **status: str,
) -> Manifest:
    """Return a Pod of the Job; `state` is of its main container, `init` of its init container."""
    scheduled = [condition("PodScheduled", when="12:00:02")] if node else []
    leaving = {"deletionTimestamp": clock(deleted or ""), "deletionGracePeriodSeconds": grace}
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": clock(made),
            **(leaving if deleted else {}),
        },
        "spec": {"nodeName": node} if node else {},
        "status": {
            "phase": phase,
            "conditions": [*scheduled, *conditions],
            "containerStatuses": [
                {"name": "istio-proxy", "state": {"running": {"startedAt": clock("12:00:03")}}},
                *([{"name": "main", "state": state, "restartCount": 0}] if state else []),
            ],
            **({"initContainerStatuses": [{"name": "vault", "state": init}]} if init else {}),
            **status,
        },
    }


def waiting(reason: str, message: str = "") -> Manifest:
    """Return the state of a container that does not run yet."""
    return {"waiting": {"reason": reason, "message": message}}


INITIALISING = waiting("PodInitializing")
RUNNING = {"running": {"startedAt": clock("12:00:03")}}


def terminated(code: int, reason: str = "", **more: str) -> Manifest:
    """Return the state of a container that ended at five past."""
    reason = reason or ("Error" if code else "Completed")
    times = {"startedAt": clock("12:00:03"), "finishedAt": clock("12:00:05")}
    return {"terminated": {"exitCode": code, "reason": reason, **times, **more}}


def failed(code: int = 1, reason: str = "", words: str = "", **more: Any) -> Manifest:
    """Return a Pod that failed."""
    return pod(terminated(code, reason, **({"message": words} if words else {})), "Failed", **more)


def seen(a_job: Manifest, *pods: Manifest, gone: bool = False) -> Sighting:
    """Decode the objects as they come from an API server, and look."""
    return sight(
        msgspec.convert(a_job, Job),
        [msgspec.convert(each, Pod) for each in pods],
        gone=gone,
        now=NOW,
    )


TAINTED = condition("DisruptionTarget", reason="DeletionByTaintManager", message="node is gone")
EVICTING = condition("DisruptionTarget", reason="EvictionByEvictionAPI", message="Eviction API")
NO_NODE = condition(
    "PodScheduled", "False", "Unschedulable", "0/1 nodes are available: 1 Insufficient memory."
)
GATED = condition("PodScheduled", "False", "SchedulingGated", "waits for gates")
STALLED = pod(conditions=[NO_NODE], node="")
SECOND: Manifest = {"name": "extract-x2", "made": "12:10:00"}
OUT_OF_TIME: Manifest = {
    "reason": "DeadlineExceeded",
    "message": "Pod was active on the node longer",
}
