"""
What two definitions have otherwise, field by field.

Members of a list that have names are compared by these names, so a task that moves is the same
task. Knows JSON; knows no field.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from headrace.views.workflow_rows import Difference

_MISSING: Final = object()


def differences(before: Any, after: Any) -> list[Difference]:
    """Return the fields that differ, in the order in which they are written."""
    return list(_between("", before, after))


def _between(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            where = f"{path}.{key}" if path else str(key)
            yield from _between(where, before.get(key, _MISSING), after.get(key, _MISSING))
        return
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None and (old or new):
        for key in dict.fromkeys([*old, *new]):
            where = f"{path}[{key}]"
            yield from _between(where, old.get(key, _MISSING), new.get(key, _MISSING))
        kept = [key for key in old if key in new]
        order = [key for key in new if key in old]
        if kept != order:
            yield Difference(path, ", ".join(kept), ", ".join(order), "moved")
        return
    # True equals 1 in Python, and is another value in a manifest.
    if before is not _MISSING and after is not _MISSING and _written(before) == _written(after):
        return
    yield Difference(path, _written(before), _written(after), _change(before, after))


def _by_name(value: Any) -> dict[str, Any] | None:
    """Return the members of a list by their names; None: it is no list of named ones."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    names = [each.get("name") if isinstance(each, Mapping) else None for each in value]
    if not all(isinstance(each, str) for each in names) or len(set(names)) != len(names):
        return None
    return dict(zip(map(str, names), value, strict=True))


def _written(value: Any) -> str:
    if value is _MISSING:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _change(before: Any, after: Any) -> str:
    if before is _MISSING:
        return "added"
    return "removed" if after is _MISSING else "changed"
