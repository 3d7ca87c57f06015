"""
What a program is given: parameters, the item, times and names.

Reads variables and files. Knows the types of parameters; what they mean, the program knows.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from task_contract.ends import WrongInput

PREFIX = "WITH_"
FILE = "_FILE"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a task with `forEach`."""

    index: int
    value: Any


@dataclass(frozen=True, slots=True)
class Given:
    """What Headrace says about the task."""

    namespace: str = ""
    workflow: str = ""
    run: str = ""
    task: str = ""
    attempt: int = 1
    logical_time: datetime | None = None
    interval_start: datetime | None = None
    interval_end: datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of the workflow."""
    item: Item | None = None
    """None: the task has no items."""


def given() -> Given:
    """Return what Headrace says about the task; outside of Headrace, next to nothing."""
    name = os.environ.get
    return Given(
        namespace=name("HEADRACE_NAMESPACE", ""),
        workflow=name("HEADRACE_WORKFLOW", ""),
        run=name("HEADRACE_RUN", ""),
        task=name("HEADRACE_TASK", ""),
        attempt=int(name("HEADRACE_ATTEMPT", "1")),
        logical_time=_time("HEADRACE_LOGICAL_TIME"),
        interval_start=_time("HEADRACE_INTERVAL_START"),
        interval_end=_time("HEADRACE_INTERVAL_END"),
        params=json.loads(name("HEADRACE_PARAMS", "{}")),
        item=_item(),
    )


def values_for(kind: type[T]) -> T:
    """
    Return the values of the template's parameters, as a dataclass.

    Each field is a parameter of its name: `str`, `int`, `float`, `bool`, or any other type for a
    value of JSON. A field of type `bytes` is a secret. One without a value has its default.

    Raises:
        WrongInput: A value is missing, or of another type.

    """
    types, found = get_type_hints(kind), dict[str, Any]()
    for each in fields(kind):  # type: ignore[arg-type]  # a dataclass, by its docstring
        text = _secret(each.name) if bytes in _plain(types[each.name]) else _text(each.name)
        if text is not None:
            found[each.name] = _value(each.name, text, _plain(types[each.name]))
        elif each.default is MISSING and each.default_factory is MISSING:
            raise WrongInput(f"parameter {each.name} is missing; give it a value")
    return kind(**found)


def _plain(annotation: Any) -> tuple[type, ...]:
    """Return the types of a field: those of a union, without None, or the only one."""
    choices = (
        get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    )
    return tuple(get_origin(each) or each for each in choices if each is not type(None))


def _text(name: str) -> str | None:
    return os.environ.get(f"{PREFIX}{name}")


def _secret(name: str) -> str | None:
    """Return a secret: of its file, or on a laptop of the shell that started the run."""
    path = os.environ.get(f"{PREFIX}{name}{FILE}")
    if path is None:
        return _text(name)
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInput(f"secret {name} cannot be read: {error}; correct its key") from None


def _value(name: str, text: str, types: tuple[type, ...]) -> Any:
    if bytes in types:
        return text.encode()
    if types == (str,):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text  # An expression gives text without quotes.
    if bool not in types and isinstance(value, bool) and set(types) & {int, float}:
        value = text
    if float in types and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if set(types) <= {int, float, bool} and not isinstance(value, types):
        wanted = " or ".join(each.__name__ for each in types)
        raise WrongInput(f"parameter {name} must be of type {wanted}, not {text[:80]!r}")
    return value


def _time(variable: str) -> datetime | None:
    text = os.environ.get(variable)
    return datetime.fromisoformat(text) if text else None


def _item() -> Item | None:
    path = os.environ.get("HEADRACE_TASK_FILE")
    if path is None:
        return None
    about = json.loads(Path(path).read_text(encoding="utf-8"))
    return Item(about["index"], about["item"])
