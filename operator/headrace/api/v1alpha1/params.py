"""Parameters: the ones that a workflow accepts, and the values that a run gives."""

import json
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from headrace.api.checks.param_kinds import PYTHON_TYPES
from headrace.api.v1alpha1.base import ApiType, ParamName, ShortText
from headrace.api.v1alpha1.enums import ApiEnum

MAX_TEXT = 32_768


def _scalar(value: Any) -> bool | int | str:
    """Accept the values that YAML and JSON both write without loss, and no look-alikes."""
    if type(value) is str and len(value) > MAX_TEXT:
        message = (
            "has {length} characters; at most {most} are allowed: put it into a file or storage"
        )
        raise PydanticCustomError("scalar", message, {"length": len(value), "most": MAX_TEXT})
    if type(value) is int and value.bit_length() > 63:  # noqa: PLR2004 - what the API server keeps
        raise PydanticCustomError("scalar", "is too large a number; write the number as text")
    if type(value) is bool or type(value) is int or type(value) is str:
        return value
    raise PydanticCustomError("scalar", "must be text, a whole number, or true or false")


ParamValue = Annotated[
    bool | int | str,
    PlainValidator(_scalar),
    # No type: a structural schema cannot say "one of three". Instead, the bounds refuse objects,
    # lists and fractions. They let {} and [] pass; the controller refuses those.
    WithJsonSchema(
        {
            "maxItems": 0,
            "maxLength": MAX_TEXT,
            "maxProperties": 0,
            "multipleOf": 1,
            "x-kubernetes-preserve-unknown-fields": True,
        }
    ),
]
"""A parameter's value: text, a whole number, or true or false."""


class ParamType(ApiEnum):
    """The types that a parameter can have."""

    STRING = "String"
    INTEGER = "Integer"
    BOOLEAN = "Boolean"


class Param(ApiType):
    """A parameter that a workflow accepts."""

    name: ParamName
    """name is the key of the value in HEADRACE_PARAMS, the JSON object that tasks read."""

    type: ParamType = ParamType.STRING
    """type is String, Integer or Boolean."""

    default: ParamValue | None = None
    """default is the value in a run that gives none. Without a default, each run must give one."""

    enum: tuple[ParamValue, ...] = Field(default=(), max_length=100)
    """enum lists the allowed values. An empty list allows all values of the type."""

    description: ShortText = ""
    """description says what the parameter is for."""

    @model_validator(mode="after")
    def _default_and_enum_fit(self) -> Self:
        for field, values in (("enum", self.enum), ("default", (self.default,))):
            for value in values:
                if value is not None and type(value) is not PYTHON_TYPES[self.type]:
                    raise ValueError(
                        f"{field}: {json.dumps(value)} is not of type {self.type};"
                        " change it, or the parameter's type"
                    )
        if self.default is not None and self.enum and self.default not in self.enum:
            raise ValueError(
                f"default: {json.dumps(self.default)} is not one of enum; add it there"
            )
        return self


class ParamGiven(ApiType):
    """A parameter's value in a run."""

    name: ParamName
    """name is the parameter's name in the workflow."""

    value: ParamValue
    """value is text, a whole number, true or false, of the type that the workflow declares."""
