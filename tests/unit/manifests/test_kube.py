"""The parts of Kubernetes objects that Headrace looks at: `headrace.manifests.kube`."""

import msgspec

from headrace.kube.objects import Meta
from headrace.manifests.kube import ConditionView, Job, OwnObject, Pod, holds


def test_what_is_not_looked_at_is_dropped() -> None:
    """A cache of thousands of pods stays small, and a new field of Kubernetes stops nothing."""
    raw = b"""{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "managedFields": [{}]},
        "spec": {"containers": [{"name": "main", "image": "x"}], "nodeName": "n1"},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "newField": {"x": 1}}}"""
    pod = msgspec.json.decode(raw, type=Pod)
    assert ("a", "n1", "Running") == (pod.metadata.name, pod.spec.node_name, pod.status.phase)


def test_an_object_that_was_just_made_has_no_status() -> None:
    """Missing parts have defaults."""
    job = msgspec.json.decode(b'{"metadata": {"name": "a"}}', type=Job)
    assert ((), False, 0) == (job.status.conditions, job.spec.suspend, job.metadata.version)
    assert {} == msgspec.json.decode(b'{"metadata": {"name": "a"}}', type=OwnObject).status


def test_an_object_has_a_key_and_a_version() -> None:
    """What identifies it, and which state of it is the later one."""
    meta = Meta(name="a", namespace="b", resource_version="12345678901234567890")
    assert (("b", "a"), 12345678901234567890) == (meta.key, meta.version)


def test_a_condition_holds_if_it_is_true() -> None:
    """False and Unknown do not count."""
    conditions = [ConditionView("A", "False"), ConditionView("B", "True", "Why")]
    assert holds(conditions, "A") is None
    assert holds(conditions, "C") is None
    found = holds(conditions, "B")
    assert found is not None
    assert "Why" == found.reason
