"""
Parts of a pod that Kubernetes defines: a check of their fields and values.

The API server checks them only when a pod is created, which may be at night. Knows the table that
is generated from Kubernetes, and a few rules that no schema has. Knows no field of the API.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from headrace.api.checks.pod_table import TABLE
from headrace.api.checks.similar import did_you_mean

EXACTLY_ONE = frozenset({"EnvFromSource", "EnvVarSource", "VolumeProjection"})
"""Objects with exactly one inner object."""

NAMED = {
    "ConfigMapEnvSource": "name",
    "ConfigMapKeySelector": "name",
    "ConfigMapProjection": "name",
    "ConfigMapVolumeSource": "name",
    "SecretEnvSource": "name",
    "SecretKeySelector": "name",
    "SecretProjection": "name",
    "SecretVolumeSource": "secretName",
}
"""References: the schema allows a missing name, the API server does not."""

SETS = ("In", "NotIn", "Exists", "DoesNotExist")
CHOICES = {
    ("ImageVolumeSource", "pullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("LabelSelectorRequirement", "operator"): SETS,
    ("NodeSelectorRequirement", "operator"): (*SETS, "Gt", "Lt"),
    ("Toleration", "effect"): ("NoSchedule", "PreferNoSchedule", "NoExecute"),
    ("Toleration", "operator"): ("Exists", "Equal", "Gt", "Lt"),
}
PLAIN: Mapping[str, tuple[tuple[type, ...], str]] = {
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "quantity": ((str, int, float), "an amount like 500m, 2 or 512Mi"),
    "string": ((str,), "text"),
}
GIVEN: Mapping[type, str] = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "text",
}
Step = str | int
Finding = tuple[tuple[Step, ...], str]
"""The path of a problem, and its message."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a part of a pod."""

    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """Marks an object in a type: `Annotated[KubernetesObject, Shape("Affinity")]`."""

    kind: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check an object when it is known to be one."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: Any) -> Any:
        for steps, message in wrong(value, self.kind):
            within = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
            raise PydanticCustomError("shape", "{message}", {"message": message, "within": within})
        return value


@cache
def fields_of(kind: str) -> Mapping[str, Field]:
    """Return the fields of a part of a pod, as Kubernetes has them."""
    words = f"\n{TABLE}".split(f"\n{kind} ", 1)[1].replace("\n  ", " ").split("\n", 1)[0].split()
    pairs = (word.split(":", 1) for word in words)
    return {name.rstrip("!"): Field(of, name.endswith("!")) for name, of in pairs}


def wrong(value: Any, kind: str) -> Iterator[Finding]:
    """Yield the problems of a value that should be of a kind of the table."""
    if kind.startswith("[]"):
        yield from _list(value, kind[2:])
    elif kind.startswith("{}"):
        yield from _map(value, kind[2:])
    elif kind in PLAIN:
        types, wanted = PLAIN[kind]
        if not isinstance(value, types) or (isinstance(value, bool) and kind != "boolean"):
            yield (), _unfit(wanted, value)
    elif kind != "any":
        yield from _object(value, kind)


def _unfit(wanted: str, value: Any) -> str:
    if value is None:
        return "has no value; give one, or remove the field"
    quotes = wanted == "text" and isinstance(value, (int, float))
    cure = "put it in quotes" if quotes else "change it"
    return f"must be {wanted}, not {GIVEN.get(type(value), 'an object')}; {cure}"


def _list(value: Any, of: str) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield (), _unfit("a list", value)
        return
    for index, element in enumerate(value):
        for steps, message in wrong(element, of):
            yield (index, *steps), message


def _map(value: Any, of: str) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield (), _unfit("an object (lines of field: value)", value)
        return
    for key, element in value.items():
        for steps, message in wrong(element, of):
            yield (key, *steps), message


def _object(value: Any, kind: str) -> Iterator[Finding]:
    fields = fields_of(kind)
    if not isinstance(value, dict):
        yield (), _unfit(f"an object with {_one_of(fields)}", value)
        return
    for name, element in value.items():
        if name not in fields:
            cure = did_you_mean(name, fields) or f"the fields are: {', '.join(fields)}"
            yield (name,), f"there is no such field; {cure}"
            continue
        for steps, message in wrong(element, fields[name].kind):
            yield (name, *steps), message
        yield from _choice(kind, name, element)
    yield from _incomplete(value, kind, fields)


def _choice(kind: str, name: str, value: Any) -> Iterator[Finding]:
    allowed = CHOICES.get((kind, name))
    if allowed is not None and isinstance(value, str) and value not in allowed:
        yield (name,), f"is not an allowed value; allowed: {', '.join(allowed)}"


def _incomplete(
    value: Mapping[str, Any], kind: str, fields: Mapping[str, Field]
) -> Iterator[Finding]:
    for name, field in fields.items():
        if (field.required and name not in value) or (
            NAMED.get(kind) == name and not value.get(name)
        ):
            yield (name,), "is missing; give it a value"
    objects = [name for name, field in fields.items() if field.kind[0].isupper()]
    if kind in EXACTLY_ONE and sum(name in value for name in objects) != 1:
        yield (), f"give exactly one of {_one_of(objects)}"


def _one_of(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
