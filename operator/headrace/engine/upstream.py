"""
The `runWhen` rules: which upstream outcomes let a task start, and which rule it out.

Knows how many upstream tasks look how; knows no task and no attempt.
The rules and their names follow Airflow's trigger rules
(https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#trigger-rules).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import RunWhen
from headrace.engine.outcome import Ended, Look, Outcome


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the tasks that a task waits for look how. The rest have not ended."""

    total: int
    successes: int = 0
    failures: int = 0
    skips: int = 0

    @property
    def open(self) -> int:
        """How many have not ended."""
        return self.total - self.successes - self.failures - self.skips


@dataclass(frozen=True, slots=True)
class Rule:
    """When a task may start, and when it never can."""

    met: Callable[[Tally], bool]
    ruled_out: Callable[[Tally], bool]
    needs_no_failure: bool
    """A failure upstream is what rules it out, so those who wait on it see a failure."""
    wants: str


RULES: dict[RunWhen, Rule] = {
    RunWhen.ALL_SUCCEEDED: Rule(
        met=lambda n: n.successes == n.total,
        ruled_out=lambda n: n.failures + n.skips > 0,
        needs_no_failure=True,
        wants="all of them to succeed",
    ),
    RunWhen.ALL_FAILED: Rule(
        met=lambda n: n.failures == n.total,
        ruled_out=lambda n: n.successes + n.skips > 0,
        needs_no_failure=False,
        wants="all of them to fail",
    ),
    RunWhen.ALL_DONE: Rule(
        met=lambda n: n.open == 0,
        ruled_out=lambda _: False,
        needs_no_failure=False,
        wants="all of them to end",
    ),
    RunWhen.ALL_DONE_MIN_ONE_SUCCEEDED: Rule(
        met=lambda n: n.open == 0 and n.successes > 0,
        ruled_out=lambda n: n.open == 0 and n.successes == 0,
        needs_no_failure=True,
        wants="all of them to end and at least one to succeed",
    ),
    RunWhen.ALL_SKIPPED: Rule(
        met=lambda n: n.skips == n.total,
        ruled_out=lambda n: n.successes + n.failures > 0,
        needs_no_failure=False,
        wants="all of them to be skipped",
    ),
    RunWhen.ONE_FAILED: Rule(
        met=lambda n: n.failures > 0,
        ruled_out=lambda n: n.open == 0 and n.failures == 0,
        needs_no_failure=False,
        wants="one of them to fail",
    ),
    RunWhen.ONE_SUCCEEDED: Rule(
        met=lambda n: n.successes > 0,
        ruled_out=lambda n: n.open == 0 and n.successes == 0,
        needs_no_failure=True,
        wants="one of them to succeed",
    ),
    RunWhen.ONE_DONE: Rule(
        met=lambda n: n.successes + n.failures > 0,
        ruled_out=lambda n: n.skips == n.total,
        needs_no_failure=False,
        wants="one of them to succeed or fail",
    ),
    RunWhen.NONE_FAILED: Rule(
        met=lambda n: n.open == 0 and n.failures == 0,
        ruled_out=lambda n: n.failures > 0,
        needs_no_failure=True,
        wants="none of them to fail",
    ),
    RunWhen.NONE_FAILED_MIN_ONE_SUCCEEDED: Rule(
        met=lambda n: n.open == 0 and n.failures == 0 and n.successes > 0,
        ruled_out=lambda n: n.failures > 0 or (n.open == 0 and n.successes == 0),
        needs_no_failure=True,
        wants="none of them to fail and at least one to succeed",
    ),
    RunWhen.NONE_SKIPPED: Rule(
        met=lambda n: n.open == 0 and n.skips == 0,
        ruled_out=lambda n: n.skips > 0,
        needs_no_failure=False,
        wants="none of them to be skipped",
    ),
    RunWhen.ALWAYS: Rule(
        met=lambda _: True,
        ruled_out=lambda _: False,
        needs_no_failure=False,
        wants="nothing",
    ),
}

NEED_UPSTREAM = frozenset(
    {RunWhen.ONE_FAILED, RunWhen.ONE_SUCCEEDED, RunWhen.ONE_DONE}
    | {RunWhen.ALL_DONE_MIN_ONE_SUCCEEDED, RunWhen.NONE_FAILED_MIN_ONE_SUCCEEDED}
)
"""The rules that can never be met by a task that depends on nothing."""


def tally(total: int, ends: Iterable[Ended]) -> Tally:
    """Count how the ended ones of `total` upstream tasks look."""
    looks = [end.look for end in ends]
    return Tally(
        total,
        successes=looks.count(Look.SUCCESS),
        failures=looks.count(Look.FAILURE),
        skips=looks.count(Look.SKIP),
    )


def omission(rule: RunWhen, count: Tally, failed: Iterable[str]) -> Ended:
    """
    Tell the end of a task that its rule has ruled out.

    Args:
        rule: The task's rule.
        count: How its upstream tasks look.
        failed: The names of those that look failed.

    """
    wants = RULES[rule].wants
    if RULES[rule].needs_no_failure and count.failures:
        names = ", ".join(sorted(failed)[:5])
        message = f"{rule} wants {wants}; failed upstream: {names}"
        return Ended(Outcome.OMITTED, Reason.UPSTREAM_FAILED, message, after_failure=True)
    looks = f"{count.successes} succeeded, {count.failures} failed, {count.skips} skipped"
    return Ended(Outcome.OMITTED, Reason.RULE_UNMET, f"{rule} wants {wants}; upstream: {looks}")
