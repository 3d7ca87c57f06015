"""
Reading objects as JSON: fields that may be missing, instants, conditions.

Never raises: an object may come from another version, or from a stranger. Knows the shape of
objects; judges nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from headrace.api.checks.instants import read_time
from headrace.api.v1alpha1.group import WEBHOOKS

Object = Mapping[str, Any]


def field(item: Any, *path: str) -> Any:
    """Return a field by its path; None: it, or an object around it, is missing."""
    for name in path:
        # A page asks a million times, nearly always a dict. The abstract class takes ten times as
        # long to say so.
        if type(item) is not dict and not isinstance(item, Mapping):
            return None
        item = item.get(name)
    return item


def text(item: Any, *path: str) -> str:
    """Return a field as text; empty: it is missing."""
    value = field(item, *path)
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def number(item: Any, *path: str) -> int:
    """Return a field as a number; 0: it is missing, or is none."""
    value = field(item, *path)
    return value if isinstance(value, int) else 0


def instant(item: Any, *path: str) -> datetime | None:
    """Return a field as an instant; None: it is missing, or is none."""
    try:
        return read_time(text(item, *path))
    except ValueError:
        return None


def entries(item: Any, *path: str) -> Sequence[Any]:
    """Return a field as a list; empty: it is missing, or is none."""
    value = field(item, *path)
    if type(value) is list:
        return value
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def name(item: Object) -> str:
    """Return an object's name."""
    return text(item, "metadata", "name")


def namespace(item: Object) -> str:
    """Return an object's namespace."""
    return text(item, "metadata", "namespace")


def label(item: Object, key: str) -> str:
    """Return the value of a label; empty: there is none."""
    return text(item, "metadata", "labels", key)


def condition(item: Object, kind: str) -> Object:
    """Return a condition; empty: it is not set yet."""
    for each in entries(item, "status", "conditions"):
        if field(each, "type") == kind:
            found: Object = each
            return found
    return {}


MAIN = {"Workflow": "Ready", "Pool": "Ready", "Approval": "Answered"}
"""The condition that tells the state of each kind; of all others it is Succeeded."""


def state(item: Object) -> Object:
    """Return the condition that tells an object's state."""
    return condition(item, MAIN.get(text(item, "kind"), "Succeeded"))


def reason(item: Object) -> str:
    """Return the state in one word; Pending: nobody has looked at the object yet."""
    return text(state(item), "reason") or "Pending"


def message(item: Object) -> str:
    """Return the state in one sentence; empty: there is nothing to say."""
    return text(state(item), "message")


def ended(item: Object) -> bool:
    """Return whether a run or task has ended, or a question is closed."""
    return text(state(item), "status") in {"True", "False"}


def succeeded(item: Object) -> bool:
    """Return whether a run or task has ended well."""
    return text(state(item), "status") == "True"


def path_of_webhooks(workflow: Object) -> str:
    """Return where a workflow with webhooks takes deliveries."""
    return WEBHOOKS.format(namespace=namespace(workflow), workflow=name(workflow))
