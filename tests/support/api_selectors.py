"""Which objects a label or field selector means, and what a merge patch does."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Labels = Mapping[str, str]
Requirement = Callable[[Labels], bool]

_SET = re.compile(r"(?P<key>\S+)\s+(?P<word>in|notin)\s*\((?P<values>[^)]*)\)")
_BETWEEN = re.compile(r",(?![^(]*\))")


def label_selector(text: str) -> Requirement:
    """Return the test that a selector stands for, e.g. `app=a,tier in (b,c),!old`."""
    parts = [_requirement(part.strip()) for part in _BETWEEN.split(text) if part.strip()]
    return lambda labels: all(part(labels) for part in parts)


def _requirement(part: str) -> Requirement:
    if found := _SET.fullmatch(part):
        key = found["key"]
        values = {value.strip() for value in found["values"].split(",")}
        if found["word"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if "!=" in part:
        key, value = part.split("!=")
        return lambda labels: labels.get(key.strip()) != value.strip()
    if "=" in part:
        key, value = part.replace("==", "=").split("=")
        return lambda labels: labels.get(key.strip()) == value.strip()
    if part.startswith("!"):
        return lambda labels: part[1:] not in labels
    return lambda labels: part in labels


def field_selector(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return the test that a field selector stands for, e.g. `metadata.name=a,reason!=b`."""
    parts = [part for part in text.split(",") if part]
    return lambda item: all(_field_matches(item, part) for part in parts)


def _field_matches(item: Mapping[str, Any], part: str) -> bool:
    wanted = "!=" not in part
    path, value = part.replace("!=", "=").replace("==", "=").split("=")
    found: Any = item
    for name in path.split("."):
        found = found.get(name, "") if isinstance(found, Mapping) else ""
    return (str(found) == value) is wanted


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
