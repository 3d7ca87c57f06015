"""How items end and run again, each on its own: `headrace.engine.task.item_ends`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.items import MAX_COUNTS, MAX_SHOWN
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import Output
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.task.attempts import close, follow
from headrace.engine.task.classify import Failure
from headrace.engine.task.item_ends import charged, summary
from headrace.engine.task.items import FailureCount, ItemFailure, ItemsLog
from headrace.engine.task.observed import Sighting, TaskLog
from headrace.engine.task.obstacles import Denied
from headrace.engine.task.refusal import refuse
from headrace.engine.task.terms import Terms
from support.builders import at, on, retries
from support.item_sightings import ending, items, removed

R = Reason
NOW = at(60)
ONCE = retries(1)


def after(
    *sightings: Sighting, policy: Any = ONCE, tolerated: int | str = 0, outputs: Any = ()
) -> TaskLog:
    """Return the log of a task whose world showed these one after the other."""
    known = TaskLog()
    for sighting in sightings:
        known = follow(known, sighting, policy, NOW, Terms(outputs, tolerated))
    return known


def parts(known: TaskLog) -> dict[str, str]:
    """Return the items of a log as a status shows them."""
    assert known.items is not None
    return {
        name: str(getattr(known.items, name))
        for name in ("succeeded", "failed", "retrying", "running")
        if getattr(known.items, name)
    }


def test_items_are_on_record_as_they_end() -> None:
    """While others go on: what ended is never asked for again."""
    known = after(items({0: 0, 2: 3}, on=[1]))
    assert {"succeeded": "0", "retrying": "2", "running": "1"} == parts(known)
    assert known.last is not None
    assert known.last.open
    assert (ItemFailure(2, R.NON_ZERO_EXIT, "ended with exit code 3", 3),) == known.items.failures  # type: ignore[union-attr] # there are items


def test_a_log_of_items_that_did_not_change_is_the_same_object() -> None:
    """Else each turn would write."""
    known = after(items({0: 0, 2: 3}, on=[1]))
    assert known is follow(known, items({0: 0, 2: 3}, on=[1]), ONCE, NOW)


def test_a_task_whose_items_all_succeed_has_succeeded() -> None:
    """The moment the last container ended with 0, whatever the Job says."""
    known = after(items({0: 0, 1: 0, 2: 0, 3: 0}))
    assert (Outcome.SUCCEEDED, R.SUCCEEDED, at(5)) == (known.outcome, known.reason, known.finished)
    assert {"succeeded": "0-3"} == parts(known)


def test_an_attempt_ends_with_its_last_item() -> None:
    """It failed, as some of its items do; the others are done for ever."""
    known = after(items({0: 0, 1: 9, 2: 0, 3: 8}))
    assert known.outcome is None
    assert known.last is not None
    assert (R.ITEMS_FAILED, at(5)) == (known.last.reason, known.last.finished)
    assert (
        "2 of 4 items failed: 1 NonZeroExit: ended with exit code 9;"
        " 3 NonZeroExit: ended with exit code 8" == known.last.message
    )


def test_the_next_attempt_has_the_failed_items_only() -> None:
    """What its world shows of others is not looked at."""
    known = after(items({0: 0, 1: 9, 2: 0, 3: 8}), items({0: 5, 1: 0}, 2, on=[3]))
    assert {"succeeded": "0-2", "running": "3"} == parts(known)
    assert Places.of([3]) == known.items.todo  # type: ignore[union-attr] # there are items
    assert 2 == known.count


def test_an_item_that_failed_too_often_does_not_run_again() -> None:
    """Each item has the limit for itself."""
    first = items({0: 1, 1: 0, 2: 0, 3: 0})
    second = items({0: 1}, 2)
    known = after(first, second)
    assert {"succeeded": "1-3", "failed": "0"} == parts(known)
    assert known.items is not None
    assert () == known.items.counts


def test_a_rule_that_says_fail_for_one_item_leaves_the_others_alone() -> None:
    """Item 3 has failed for good; item 1 runs again."""
    known = after(items({0: 0, 1: 1, 2: 0, 3: 2}), policy=retries(3, on(2, then="Fail")))
    assert {"succeeded": "0,2", "failed": "3", "retrying": "1"} == parts(known)


def test_an_item_that_a_rule_ignores_is_not_counted() -> None:
    """It may fail any number of times."""
    policy = retries(0, on(75, then="Ignore"))
    attempts = [items({0: 75}, number, total=1) for number in range(1, 6)]
    known = after(*attempts, policy=policy)
    assert {"retrying": "0"} == parts(known)
    assert (FailureCount(Places.of([0]), 0, 0),) == known.items.counts  # type: ignore[union-attr] # there are items


def test_failures_of_the_infrastructure_have_their_own_limit() -> None:
    """As for a task without items."""
    policy = retries(0, infrastructure=1)
    first = items({0: R.NODE_LOST, 1: 0}, total=2)
    known = after(first, policy=policy)
    assert {"succeeded": "1", "retrying": "0"} == parts(known)
    again = after(first, items({0: R.NODE_LOST}, 2, total=2), policy=policy)
    assert {"succeeded": "1", "failed": "0"} == parts(again)


@pytest.mark.parametrize(
    ("tolerated", "outcome"),
    [(0, None), (1, None), (2, Outcome.SUCCEEDED), ("49%", None), ("50%", Outcome.SUCCEEDED)],
)
def test_a_task_with_few_failed_items_succeeds(
    tolerated: int | str, outcome: Outcome | None
) -> None:
    """The failures stay on record, in the message too."""
    known = after(items({0: 0, 1: 9, 2: 0, 3: 8}), policy=retries(0), tolerated=tolerated)
    assert outcome is known.outcome
    assert {"succeeded": "0,2", "failed": "1,3"} == parts(known)
    assert known.last is not None
    assert known.last.message.startswith("2 of 4 items failed: 1 NonZeroExit")


def test_tolerated_failures_are_judged_after_all_retries() -> None:
    """An item that may run again does so, also if its failure would do no harm."""
    known = after(items({0: 0, 1: 9, 2: 0, 3: 0}), tolerated=2)
    assert known.outcome is None


def test_items_of_a_deleted_job_that_had_not_ended_run_again() -> None:
    """Those that had ended keep their ends."""
    known = after(items({0: 0, 1: 9}, on=[2]), removed({0: 0, 1: 9}))
    assert {"succeeded": "0", "retrying": "1-3"} == parts(known)
    assert known.items is not None
    assert R.JOB_DELETED is known.items.failures[1].reason
    assert known.last is not None
    assert R.JOB_DELETED is known.last.reason


def test_a_cancelled_attempt_charges_nobody() -> None:
    """Its items have neither succeeded nor failed."""
    known = after(items({0: 0}, on=[1]))
    over = close(known, Failure(R.CANCELLED, "cancelled"), ONCE, NOW)
    assert {"succeeded": "0"} == parts(over)


def test_a_time_limit_of_the_start_fails_the_items_that_did_not_start() -> None:
    """Each by its own rules."""
    known = after(items({0: 0}))
    over = close(known, Failure(R.PENDING_TIMEOUT, "not started"), ONCE, NOW)
    assert {"succeeded": "0", "retrying": "1-3"} == parts(over)


def test_a_refused_attempt_fails_its_items() -> None:
    """No retry helps, unless a rule says so."""
    known = after(items({0: 0, 1: 0, 2: 0, 3: 9}))
    over = refuse(known, Denied(R.ADMISSION_DENIED, "no", at(30)), ONCE)
    assert {"succeeded": "0-2", "failed": "3"} == parts(over)
    assert over is refuse(over, Denied(R.ADMISSION_DENIED, "no", at(30)), ONCE)


def test_an_end_of_the_whole_attempt_is_that_of_all_open_items() -> None:
    """The name of the image is none, for example: no pod will ever start."""
    known = after(items({0: 0}), items({0: 0}, ending=ending(R.INVALID_IMAGE_NAME)))
    assert {"succeeded": "0", "failed": "1-3"} == parts(known)


def test_outputs_that_an_item_promised_and_left_out_fail_it() -> None:
    """As they fail an attempt of a task without items."""
    promised = (Output(name="rows", type="Integer"),)
    known = after(items({0: '{"rows": 1}', 1: "{}", 2: '{"rows": 2}', 3: 0}), outputs=promised)
    assert {"succeeded": "0,2", "retrying": "1,3"} == parts(known)


def test_the_memory_of_an_attempt_grows_if_a_rule_says_so_for_one_item() -> None:
    """The rule is on record, for the start of the next attempt."""
    policy = retries(
        2,
        on(9, then="Retry"),
        on("OOMKilled", then="Retry", memory_factor_percent=150),
    )
    first = items({0: 9, 1: R.OOM_KILLED, 2: 0, 3: 0})
    assert 1 == after(first, policy=policy).items.memory_rule  # type: ignore[union-attr] # there are items
    assert after(first, items(number=2), policy=policy).items.memory_rule is None  # type: ignore[union-attr]


def test_only_some_failures_are_shown() -> None:
    """Those of the lowest indexes; a success takes one away."""
    many = items(dict.fromkeys(range(30), 1), total=30)
    known = after(many)
    assert known.items is not None
    assert list(range(MAX_SHOWN)) == [each.index for each in known.items.failures]
    again = after(many, items({3: 0}, 2, total=30))
    assert again.items is not None
    assert 3 not in [each.index for each in again.items.failures]
    assert "30 of 30 items failed: 0 NonZeroExit" in summary(known.items)
    assert summary(known.items).endswith("; and 27 more")


def test_groups_of_failures_are_bounded() -> None:
    """Two become one that failed at least as often: nothing runs more often than it may."""
    policy = retries(100, infrastructure=100)
    known = ItemsLog(
        500,
        counts=tuple(FailureCount(Places.of([n]), n % 20, n // 20) for n in range(300)),
    )
    after_one = charged(known, [ItemFailure(400, R.NON_ZERO_EXIT, "", 1)], policy)
    assert MAX_COUNTS == len(after_one.counts)
    for index in (0, 150, 299, 400):
        before, now = known.count_of(index), after_one.count_of(index)
        assert now.user >= before.user
        assert now.infrastructure >= before.infrastructure
