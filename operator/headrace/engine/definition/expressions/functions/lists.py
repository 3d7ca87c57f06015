"""
Functions of lists and sets, as the extensions of CEL define them.

From https://pkg.go.dev/github.com/google/cel-go/ext#Lists and #Sets.
"""

from collections.abc import Hashable, Iterator
from datetime import datetime
from typing import Any

from headrace.engine.definition.expressions.functions.equality import identity
from headrace.engine.definition.expressions.functions.function import (
    Function,
    Kind,
    bounded_list,
)

Items = list[Any]


def _range(count: int) -> Items:
    bounded_list(count)
    return list(range(count))


def _flatten(items: Items, depth: int = 1) -> Items:
    if depth < 0:
        raise ValueError("the depth must not be negative")
    found: Items = []
    for item in _flat(items, depth):
        found.append(item)
        bounded_list(len(found))
    return found


def _flat(items: Items, depth: int) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list) and depth > 0:
            yield from _flat(item, depth - 1)
        else:
            yield item


def _distinct(items: Items) -> Items:
    found: dict[Hashable, Any] = {}
    for item in items:
        found.setdefault(identity(item), item)
    return list(found.values())


def _slice(items: Items, first: int, last: int) -> Items:
    if not 0 <= first <= last <= len(items):
        raise ValueError(f"positions {first} to {last} are not within {len(items)} items")
    return items[first:last]


def _sort(items: Items) -> Items:
    kinds = {_sortable(item) for item in items}
    if len(kinds) > 1 or None in kinds:
        raise ValueError("a list is sorted that holds only texts, only numbers or only timestamps")
    return sorted(items)


def _sortable(item: Any) -> type | None:
    kind = float if type(item) is int else type(item)
    return kind if kind in (str, float, bool, datetime) else None


def _reverse(items: Items) -> Items:
    return items[::-1]


def _contains(items: Items, part: Items) -> bool:
    return set(map(identity, part)) <= set(map(identity, items))


def _equivalent(items: Items, others: Items) -> bool:
    return set(map(identity, items)) == set(map(identity, others))


def _intersects(items: Items, others: Items) -> bool:
    return not set(map(identity, items)).isdisjoint(map(identity, others))


_LIST, _INT, _BOOL = Kind.LIST, Kind.INT, Kind.BOOL

LISTS = (
    Function("lists.range", _LIST, (_INT,), _range),
    Function("flatten", _LIST, (_LIST,), _flatten, method=True),
    Function("flatten", _LIST, (_LIST, _INT), _flatten, method=True),
    Function("distinct", _LIST, (_LIST,), _distinct, method=True),
    Function("slice", _LIST, (_LIST, _INT, _INT), _slice, method=True),
    Function("sort", _LIST, (_LIST,), _sort, method=True),
    Function("reverse", _LIST, (_LIST,), _reverse, method=True),
    Function("sets.contains", _BOOL, (_LIST, _LIST), _contains),
    Function("sets.equivalent", _BOOL, (_LIST, _LIST), _equivalent),
    Function("sets.intersects", _BOOL, (_LIST, _LIST), _intersects),
)
