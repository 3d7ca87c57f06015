"""
The CustomResourceDefinitions of all kinds, from the API types.

Knows the checks and indexes of the API server. Knows no file and no cluster.
"""

from collections.abc import Iterator

from headrace.api.schema.json_schema import Schema
from headrace.api.schema.kinds import KINDS, Kind, Manifest
from headrace.api.schema.name_limits import NAME_RULES
from headrace.api.schema.openapi import structural
from headrace.api.v1alpha1.group import GROUP, VERSION


def crds() -> Iterator[Manifest]:
    """Return the CRD of each kind."""
    return map(crd, KINDS)


def crd(kind: Kind) -> Manifest:
    """Return the CRD of a kind."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
                "shortNames": [kind.short],
                "categories": ["headrace"],
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> Manifest:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        **({} if kind.status is None else {"subresources": {"status": {}}}),
        "additionalPrinterColumns": [column.written() for column in kind.columns],
        "selectableFields": [{"jsonPath": path} for path in kind.selectable],
        "schema": {"openAPIV3Schema": object_schema(kind)},
    }


def object_schema(kind: Kind) -> Schema:
    """Return the schema of a whole object."""
    spec = structural(kind.spec)
    for name, value in kind.defaults.items():
        spec["properties"][name]["default"] = value
    if kind.fixed:
        spec["x-kubernetes-map-type"] = "atomic"
    schema: Schema = {
        "type": "object",
        "description": kind.text,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"apiVersion is {GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"kind is {kind.name}."},
            "metadata": {"type": "object"},
            "spec": spec,
            **({} if kind.status is None else {"status": structural(kind.status)}),
        },
    }
    if kind.name in NAME_RULES:
        schema["x-kubernetes-validations"] = [NAME_RULES[kind.name].written()]
    return schema
