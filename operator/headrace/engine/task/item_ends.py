"""
How items end: each end is judged once, and a failure is charged to its item only.

Knows the retry policy of a task. Opens and closes no attempt, and knows no world.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from headrace.api.v1alpha1.items import MAX_COUNTS, MAX_SHOWN
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.engine.definition.work import allowed_failures
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.classify import KINDS, End, Failure, Kind, Success, classify
from headrace.engine.task.item_outputs import gathered
from headrace.engine.task.items import FailureCount, ItemFailure, ItemsLog
from headrace.engine.task.observed import Ending, SeenItems, Sighting, TaskLog
from headrace.engine.task.retry import budget, matching_rule, runs_again
from headrace.engine.task.terms import Terms
from headrace.engine.text import and_more, clip

NAMED = 3
"""How many items a message names."""

LONGEST = 200
"""The most characters of one item's words in a message about several."""


def begun(items: ItemsLog) -> ItemsLog:
    """Return the items at the start of another attempt."""
    return replace(items, retrying=NO_PLACES, running=NO_PLACES, memory_rule=None)


def with_ended_items(
    log: TaskLog, sighting: Sighting, policy: RetryPolicy, terms: Terms
) -> TaskLog:
    """
    Judge the items that ended since a log was written; the same log if nothing changed.

    Args:
        log: The log of a task; its newest attempt is open.
        sighting: The attempt in the world.
        policy: The retry policy of the task.
        terms: The outputs that each item declares.

    """
    if log.items is None or sighting.items is None:
        return log
    items = _with_ends(log.items, sighting.items, policy, terms)
    running = sighting.items.running & items.open
    if running != items.running:
        items = replace(items, running=running)
    return log if items is log.items else replace(log, items=items)


def _with_ends(items: ItemsLog, seen: SeenItems, policy: RetryPolicy, terms: Terms) -> ItemsLog:
    open_ = items.open
    succeeded, failures = (seen.succeeded & open_).bits, []
    for index in open_.among(seen.ended):
        ending = seen.ended[index]
        result = classify(ending, terms.outputs)
        if isinstance(result, Failure):
            code = ending.progress.exit_code
            failures.append(ItemFailure(index, result.reason, clip(result.message), code))
        else:
            succeeded |= 1 << index
    return charged(_with_successes(items, Places(succeeded)), failures, policy)


def without_end(items: ItemsLog, failure: Failure, policy: RetryPolicy) -> ItemsLog:
    """
    Charge a failure to all items that have not ended. What is nobody's fault is charged to none.

    Args:
        items: The items on record.
        failure: How their attempt ended: its Job was deleted, for example.
        policy: The retry policy of the task.

    """
    items = replace(items, running=NO_PLACES)
    if failure.reason not in KINDS:
        return items
    message = clip(failure.message)
    ends = (ItemFailure(index, failure.reason, message) for index in items.open)
    return charged(items, tuple(ends), policy)


def end_of_items(
    log: TaskLog, items: ItemsLog, sighting: Sighting, terms: Terms, now: datetime
) -> tuple[Ending, End]:
    """
    Return the end of an attempt whose items have all ended.

    Args:
        log: The task's log.
        items: Its items, their ends judged.
        sighting: The attempt in the world.
        terms: How many of them may fail.
        now: Replaces a missing time.

    """
    words, seen, whole = summary(items), sighting.items, sighting.ending
    ends = [] if seen is None else [each.at for each in seen.ended.values()]
    ending = Ending(max(ends, default=now) if whole is None else whole.at, message=words)
    if items.todo or len(items.failed) > allowed_failures(terms.tolerated, items.total):
        return ending, Failure(Reason.ITEMS_FAILED, words)
    return ending, Success(gathered(log.outputs, seen, items))


def charged(items: ItemsLog, failures: Sequence[ItemFailure], policy: RetryPolicy) -> ItemsLog:
    """Charge each failure to its item, which runs again or has failed for good."""
    if not failures:
        return items
    again: dict[tuple[int, int], list[int]] = {}
    rules = [] if items.memory_rule is None else [items.memory_rule]
    for failure in failures:
        before, kind = items.count_of(failure.index), budget(policy, failure)
        user = before.user + (kind is Kind.USER)
        infrastructure = before.infrastructure + (kind is Kind.INFRASTRUCTURE)
        if runs_again(policy, failure, user, infrastructure):
            again.setdefault((user, infrastructure), []).append(failure.index)
            rules.extend(_memory_rule(policy, failure))
    all_ = Places.of(failure.index for failure in failures)
    retrying = Places.of(index for indexes in again.values() for index in indexes)
    return replace(
        items,
        failed=items.failed | (all_ - retrying),
        retrying=items.retrying | retrying,
        counts=_counts(items.counts, all_, again),
        failures=_shown((*items.failures, *failures)),
        memory_rule=min(rules, default=None),
    )


def summary(items: ItemsLog) -> str:
    """Return how many items did not succeed, and how the first of them failed; empty: all did."""
    places = items.unsuccessful
    if not places:
        return ""
    named = [each for each in items.failures if each.index in places][:NAMED]
    words = [clip(f"{each.index} {_how(each)}", LONGEST) for each in named]
    if len(places) > len(words):
        words.append(and_more(len(places) - len(words)))
    noun = "item" if items.total == 1 else "items"
    return f"{len(places)} of {items.total} {noun} failed: {'; '.join(words)}"


def _how(failure: ItemFailure) -> str:
    return f"{failure.reason}: {failure.message}" if failure.message else str(failure.reason)


def _with_successes(items: ItemsLog, succeeded: Places) -> ItemsLog:
    if not succeeded:
        return items
    return replace(
        items,
        succeeded=items.succeeded | succeeded,
        counts=_counts(items.counts, succeeded, {}),
        failures=tuple(each for each in items.failures if each.index not in succeeded),
    )


def _memory_rule(policy: RetryPolicy, failure: ItemFailure) -> Iterator[int]:
    """Yield the place of the rule that raises the memory after a failure, if one does."""
    rule = matching_rule(policy, failure)
    if rule is not None and rule.memory_factor_percent is not None:
        yield policy.rules.index(rule)


def _counts(
    before: Sequence[FailureCount], ended: Places, again: dict[tuple[int, int], list[int]]
) -> tuple[FailureCount, ...]:
    """Return how often items failed that will run again, after the ends of some."""
    places = {(count.user, count.infrastructure): count.items - ended for count in before}
    for key, indexes in again.items():
        places[key] = places.get(key, NO_PLACES) | Places.of(indexes)
    kept = {key: places[key] for key in sorted(places) if places[key]}
    while len(kept) > MAX_COUNTS:  # Two groups become one that failed at least as often.
        one, other = list(kept)[:2]
        most = max(one[0], other[0]), max(one[1], other[1])
        both = kept.pop(one) | kept.pop(other)
        kept[most] = kept.get(most, NO_PLACES) | both
        kept = {key: kept[key] for key in sorted(kept)}
    return tuple(FailureCount(items, *key) for key, items in kept.items())


def _shown(failures: Iterable[ItemFailure]) -> tuple[ItemFailure, ...]:
    """Return the failures that a status shows: the last one of each item, lowest index first."""
    last = {failure.index: failure for failure in failures}
    return tuple(sorted(last.values(), key=attrgetter("index"))[:MAX_SHOWN])
