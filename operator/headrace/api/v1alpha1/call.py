"""The call of another workflow by a task, and the values that go with it."""

from typing import Annotated

from pydantic import Field

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import ApiType, ObjectName, ParamName
from headrace.api.v1alpha1.params import ParamValue


class ParamPassed(ApiType):
    """A parameter's value for a called workflow."""

    name: ParamName
    """name is the parameter's name in the called workflow."""

    value: ParamValue
    """value is text, a whole number, true or false. Text may hold expressions in `${{ }}`; a text
    that is one expression keeps the type of its value."""


class WorkflowCall(ApiType):
    """The workflow that a task calls: the task is a run of it."""

    name: ObjectName
    """name is the name of the Workflow, in the same namespace."""

    params: Annotated[tuple[ParamPassed, ...], Unique("name")] = Field(default=(), max_length=100)
    """params are values of the called workflow's parameters. Any other parameter has its
    default."""
