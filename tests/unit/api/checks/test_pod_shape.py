"""Parts of a pod that Kubernetes defines: `headrace.api.checks.pod_shape`."""

from typing import Any

import pytest

from headrace.api.checks.pod_shape import CHOICES, EXACTLY_ONE, NAMED, fields_of, wrong
from headrace.api.checks.pod_table import TABLE

KINDS = [line.split(" ", 1)[0] for line in TABLE.splitlines() if not line.startswith(" ")]

TERM = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
RIGHT: list[tuple[str, Any]] = [
    ("Affinity", {}),
    (
        "Affinity",
        {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [TERM]}
            }
        },
    ),
    ("EmptyDirVolumeSource", {"medium": "Memory", "sizeLimit": 1024}),
    ("EmptyDirVolumeSource", {"sizeLimit": "1Gi"}),
    ("EnvFromSource", {"secretRef": {"name": "login"}, "prefix": "A_"}),
    ("EnvVarSource", {"fieldRef": {"fieldPath": "metadata.name"}}),
    ("EnvVarSource", {"secretKeyRef": {"name": "login", "key": "a", "optional": True}}),
    (
        "EphemeralVolumeSource",
        {
            "volumeClaimTemplate": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        },
    ),
    ("PersistentVolumeClaimVolumeSource", {"claimName": "data"}),
    ("ProjectedVolumeSource", {"sources": [{"serviceAccountToken": {"path": "token"}}]}),
    ("SecretVolumeSource", {"secretName": "login", "defaultMode": 256}),
    ("Toleration", {"key": "gpu", "operator": "Exists", "effect": "NoExecute"}),
]


@pytest.mark.parametrize(("kind", "value"), RIGHT)
def test_what_a_pod_takes_is_not_refused(kind: str, value: Any) -> None:
    """Numbers may be amounts, and a part may be empty where Kubernetes lets it."""
    assert [] == list(wrong(value, kind))


WRONG: list[tuple[str, Any, tuple[str | int, ...], str]] = [
    ("ConfigMapVolumeSource", {}, ("name",), "is missing; give it a value"),
    ("EmptyDirVolumeSource", {"medium": 5}, ("medium",), "must be text, not a number; put it in"),
    ("EnvFromSource", {}, (), "give exactly one of configMapRef or secretRef"),
    ("ProjectedVolumeSource", {"sources": 5}, ("sources",), "must be a list, not a number"),
    (
        "SecretVolumeSource",
        {"secretName": "a", "items": [None]},
        ("items", 0),
        "has no value; give one",
    ),
    ("Toleration", {"operator": "exists"}, ("operator",), "allowed: Exists, Equal"),
    ("Toleration", {"tolerationSeconds": True}, ("tolerationSeconds",), "must be a whole number"),
    (
        "CSIVolumeSource",
        {"driver": "a", "volumeAttributes": {"a": 1}},
        ("volumeAttributes", "a"),
        "must be text",
    ),
]


@pytest.mark.parametrize(("kind", "value", "steps", "says"), WRONG)
def test_what_no_pod_takes_is_told_with_its_place(
    kind: str, value: Any, steps: tuple[str | int, ...], says: str
) -> None:
    """The first finding names the field and the cure."""
    where, message = next(wrong(value, kind))
    assert (steps, True) == (where, says in message), message


def test_the_rules_that_are_in_no_schema_are_about_what_is_in_the_table() -> None:
    """A part that Kubernetes renames would leave them without effect."""
    assert set(KINDS) >= EXACTLY_ONE
    assert all(field in fields_of(kind) for kind, field in (*NAMED.items(), *CHOICES))


def test_all_kinds_of_the_table_can_be_looked_up() -> None:
    """Each field is of a kind that is in the table too."""
    for kind in KINDS:
        for field in fields_of(kind).values():
            of = field.kind.lstrip("[]{}")
            assert not of[0].isupper() or of in KINDS
