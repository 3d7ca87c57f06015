"""
What all API types share: immutability, camelCase, bounds.

Knows no resource. Every string and list of the API is bounded, so that a schema built
from these types fits the API server's cost limits and no object can grow without end.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from headrace.api.checks.instants import TIME, read_time

MAX_SLOTS = 10_000
MAX_PRIORITY = 1000
MAX_SECONDS = 31_536_000  # a year: no wait in a pipeline is longer


class ApiType(BaseModel):
    """Base of every API type: immutable, camelCase in YAML, documented by its docstrings."""

    model_config = ConfigDict(
        defer_build=True,  # most programs read few of the types
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )


TaskName = Annotated[
    str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
]
"""A DNS label that starts with a letter, since it becomes part of names and a label value."""

ObjectName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
]
"""The name of a Kubernetes object (a DNS subdomain)."""

LabelName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
]
"""The name of an object that is the value of a label too."""

NamespaceName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
]
"""The name of a namespace (a DNS label)."""

RunName = Annotated[str, StringConstraints(max_length=63)]
"""The name of a run, as the controller writes it into a status."""

ParamName = Annotated[
    str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-zA-Z]([a-zA-Z0-9_]*)$")
]
"""A parameter's name: an identifier, so that it can be a JSON key and a variable."""

ShortText = Annotated[str, StringConstraints(max_length=1024)]
MAX_TEXT = 32_768
LongText = Annotated[str, StringConstraints(max_length=MAX_TEXT)]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError(
            "text", "has a NUL character, and no program can get one; remove it"
        )
    return text


NoNul = AfterValidator(_without_nul)
ProgramText = Annotated[LongText, NoNul]
"""Text that a program is started with. A NUL character would end the text there. The API server
accepts one, so the controller refuses it."""


def _as_rfc_3339(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):  # pydantic would take a number for seconds since 1970
        raise PydanticKnownError("datetime_type")
    try:
        return read_time(value)
    except ValueError:
        raise PydanticCustomError("time", "is no time of RFC 3339") from None


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_as_rfc_3339),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant that the controller writes down."""

Time = Annotated[
    Instant, WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIME})
]
"""An instant with its zone in RFC 3339: `2026-11-22T02:30:00Z`."""

QUANTITY = r"^[0-9]+(\.[0-9]{1,9})?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"


def _number_as_text(value: Any) -> Any:
    """Accept `cpu: 2`: in Kubernetes too, a quantity may be a whole number."""
    return str(value) if type(value) is int else value


Quantity = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32, pattern=QUANTITY),
    BeforeValidator(_number_as_text),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "maxLength": 32,
            "minimum": 0,
            "pattern": QUANTITY,
            "x-kubernetes-int-or-string": True,
        }
    ),
]
"""An amount of memory, CPU or the like, as Kubernetes writes it: `500m`, `512Mi`, `4Gi`, `2`."""

_ANY_OBJECT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
KubernetesObject = Annotated[dict[str, Any], WithJsonSchema(_ANY_OBJECT)]
"""A part of the pod with a schema of Kubernetes itself."""
