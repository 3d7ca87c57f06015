"""Logs as hypothesis draws them, and statuses as an API server gives them back."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

from hypothesis import strategies as st

from headrace.api.v1alpha1.base import ApiType
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.run.observed import Counts, Mark, RunLog, Watched
from headrace.engine.task.items import FailureCount, ItemFailure, ItemsLog
from headrace.engine.task.observed import Attempt, One, TaskLog
from headrace.manifests.where import where

TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
WORDS = st.text("abc-1", min_size=1, max_size=10)
REASONS = st.sampled_from(Reason)

ATTEMPTS = st.builds(
    Attempt,
    number=st.integers(1, 99),
    where=st.builds(where, st.none() | WORDS, st.none() | WORDS, st.none() | WORDS),
    created=st.none() | TIMES,
    scheduled=st.none() | TIMES,
    started=st.none() | TIMES,
    finished=st.none() | TIMES,
    progress=st.builds(One, st.none() | st.integers(0, 255)),
    reason=st.none() | REASONS,
    message=TEXTS,
    memory=st.none() | WORDS,
    replaced=st.none() | TIMES,
)
COUNT = st.integers(0, 5000)
PLACES = st.integers(0, 2**12 - 1).map(Places)
ITEMS_LOGS = st.builds(
    ItemsLog,
    total=st.just(12),
    succeeded=PLACES,
    failed=PLACES,
    retrying=PLACES,
    counts=st.lists(st.builds(FailureCount, PLACES, COUNT, COUNT), max_size=3).map(tuple),
    failures=st.lists(
        st.builds(ItemFailure, st.integers(0, 11), REASONS, TEXTS, st.none() | st.integers(0, 255)),
        max_size=20,
    ).map(tuple),
    running=PLACES,
    memory_rule=st.none() | st.integers(0, 19),
)
TASK_LOGS = st.builds(
    TaskLog,
    attempts=st.lists(ATTEMPTS, max_size=10, unique_by=lambda each: each.number).map(tuple),
    count=COUNT,
    user_failures=COUNT,
    infrastructure_failures=COUNT,
    outcome=st.none() | st.sampled_from(Outcome),
    reason=REASONS,
    message=TEXTS,
    started=st.none() | TIMES,
    finished=st.none() | TIMES,
    next_attempt=st.none() | TIMES,
    outputs=st.none() | st.dictionaries(TEXTS, st.integers() | TEXTS, max_size=3),
    observed_generation=COUNT,
    items=st.none() | ITEMS_LOGS,
)
RUN_LOGS = st.builds(
    RunLog,
    reason=REASONS,
    message=TEXTS,
    since=st.none() | TIMES,
    started=st.none() | TIMES,
    finally_since=st.none() | TIMES,
    counts=st.builds(Counts, *[COUNT] * 8),
    positions=st.sampled_from(["", "0", "0-41,43"]),
    marks=st.none()
    | st.lists(
        st.builds(
            *(Mark, st.sampled_from(Outcome), REASONS, TEXTS, st.none() | TIMES),
            st.sampled_from(["0", "0-41,43"]),
        ),
        max_size=20,
    ).map(tuple),
    attention=st.lists(
        st.builds(Watched, WORDS.map(lambda name: f"t{name}t"), REASONS, TEXTS, st.none() | TIMES),
        max_size=20,
    ).map(tuple),
    revision=st.none() | WORDS,
    observed_generation=COUNT,
)


def stored(status: dict[str, Any]) -> dict[str, Any]:
    """Return a status as an API server gives it back: as JSON, without what is null."""
    kept = json.loads(json.dumps(status))
    return {key: value for key, value in kept.items() if value is not None}


def fields_of(kind: type[ApiType], at: str = "") -> set[str]:
    """Return the paths of all fields of a type, as JSON names them."""
    found: set[str] = set()
    for field in kind.model_fields.values():
        path = f"{at}.{field.alias}"
        inner = [each for each in _types_in(field.annotation) if issubclass(each, ApiType)]
        found |= fields_of(inner[0], path) if inner else {path}
    return found


def values_of(written: object, at: str = "", *, until: frozenset[str] = frozenset()) -> set[str]:
    """Return the paths of all values in JSON; what is in those of `until` is one value."""
    if isinstance(written, dict) and at not in until:
        return set[str]().union(
            *(values_of(value, f"{at}.{name}", until=until) for name, value in written.items())
        )
    if isinstance(written, list) and written:
        return set[str]().union(*(values_of(value, at, until=until) for value in written))
    return set() if written is None else {at}


def _types_in(annotation: object) -> list[type]:
    """Return the classes that an annotation names: `tuple[Mark, ...] | None` names Mark."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    return [found for each in get_args(annotation) for found in _types_in(each)]
