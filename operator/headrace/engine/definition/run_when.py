"""
The `runWhen` rules: which upstream outcomes let a task start, and which rule it out.

Knows how many upstream tasks succeeded, failed or were skipped. Knows no attempt.
The rules and their names follow Airflow's trigger rules
(https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#trigger-rules).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import RunWhen
from headrace.engine.outcome import Ended, Look, Outcome

NAMED = 5
"""How many failed tasks a message names."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The ends of a task's upstream tasks, counted. The rest has not ended."""

    total: int
    successes: int = 0
    failures: int = 0
    """Cancellations included."""
    skips: int = 0
    cancellations: int = 0
    failed: tuple[str, ...] = ()
    """The names of the failed tasks, for messages."""

    @property
    def open(self) -> int:
        """How many tasks have not ended."""
        return self.total - self.successes - self.failures - self.skips


NONE = Tally(0)
"""The tally of a task without upstream tasks."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a task may start, and when it never can. Once true, each stays true."""

    met: Callable[[Tally], bool]
    ruled_out: Callable[[Tally], bool]
    needs_no_failure: bool
    """Whether a failure upstream rules the task out. Then the tasks that wait for it see a
    failure."""
    wants: str


RULES: dict[RunWhen, Rule] = {
    RunWhen.ALL_SUCCEEDED: Rule(
        met=lambda n: n.successes == n.total,
        ruled_out=lambda n: n.failures + n.skips > 0,
        needs_no_failure=True,
        wants="all upstream tasks to succeed",
    ),
    RunWhen.ALL_FAILED: Rule(
        met=lambda n: n.failures == n.total,
        ruled_out=lambda n: n.successes + n.skips > 0,
        needs_no_failure=False,
        wants="all upstream tasks to fail",
    ),
    RunWhen.ALL_DONE: Rule(
        met=lambda n: n.open == 0,
        ruled_out=lambda _: False,
        needs_no_failure=False,
        wants="all upstream tasks to end",
    ),
    RunWhen.ALL_DONE_MIN_ONE_SUCCEEDED: Rule(
        met=lambda n: n.open == 0 and n.successes > 0,
        ruled_out=lambda n: n.open == 0 and n.successes == 0,
        needs_no_failure=True,
        wants="all upstream tasks to end and at least one to succeed",
    ),
    RunWhen.ALL_SKIPPED: Rule(
        met=lambda n: n.skips == n.total,
        ruled_out=lambda n: n.successes + n.failures > 0,
        needs_no_failure=False,
        wants="all upstream tasks to be skipped",
    ),
    RunWhen.ONE_FAILED: Rule(
        met=lambda n: n.failures > 0,
        ruled_out=lambda n: n.open == 0 and n.failures == 0,
        needs_no_failure=False,
        wants="one upstream task to fail",
    ),
    RunWhen.ONE_SUCCEEDED: Rule(
        met=lambda n: n.successes > 0,
        ruled_out=lambda n: n.open == 0 and n.successes == 0,
        needs_no_failure=True,
        wants="one upstream task to succeed",
    ),
    RunWhen.ONE_DONE: Rule(
        met=lambda n: n.successes + n.failures > 0,
        ruled_out=lambda n: n.skips == n.total,
        needs_no_failure=False,
        wants="one upstream task to succeed or fail",
    ),
    RunWhen.NONE_FAILED: Rule(
        met=lambda n: n.open == 0 and n.failures == 0,
        ruled_out=lambda n: n.failures > 0,
        needs_no_failure=True,
        wants="no upstream task to fail",
    ),
    RunWhen.NONE_FAILED_MIN_ONE_SUCCEEDED: Rule(
        met=lambda n: n.open == 0 and n.failures == 0 and n.successes > 0,
        ruled_out=lambda n: n.failures > 0 or (n.open == 0 and n.successes == 0),
        needs_no_failure=True,
        wants="no upstream task to fail and at least one to succeed",
    ),
    RunWhen.NONE_SKIPPED: Rule(
        met=lambda n: n.open == 0 and n.skips == 0,
        ruled_out=lambda n: n.skips > 0,
        needs_no_failure=False,
        wants="no upstream task to be skipped",
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
"""The rules that a task without upstream tasks can never meet."""


def _decided_by(rule: Rule, count: Tally) -> bool:
    return rule.met(count) or rule.ruled_out(count)


PATIENT = frozenset(
    name
    for name, rule in RULES.items()
    if not _decided_by(rule, Tally(2)) and not _decided_by(rule, Tally(2, successes=1))
)
"""The rules that decide nothing while one task upstream is open and the others succeeded."""


def tally(upstream: Sequence[str], looks: Mapping[str, Look]) -> Tally:
    """Count the ends of upstream tasks. Tasks that have not ended are not in `looks`."""
    found = [looks.get(name) for name in upstream]
    cancellations = found.count(Look.CANCELLATION)
    failures = found.count(Look.FAILURE) + cancellations
    bad = (Look.FAILURE, Look.CANCELLATION)
    return Tally(
        len(found),
        successes=found.count(Look.SUCCESS),
        failures=failures,
        skips=found.count(Look.SKIP),
        cancellations=cancellations,
        failed=tuple(name for name in upstream if looks.get(name) in bad) if failures else (),
    )


def omission(rule: RunWhen, count: Tally) -> Ended | None:
    """
    Return the end of a task that its rule rules out; None if that is not certain yet.

    The end is recorded once. Until then, each turn derives it again, so it must stay the same
    whatever ends later. A failure that is still possible upstream would change how other tasks see
    the end: then the task waits.
    """
    policy = RULES[rule]
    if not policy.ruled_out(count):
        return None
    looks = f"{count.successes} succeeded, {count.failures} failed, {count.skips} skipped"
    unmet = Ended(
        Outcome.OMITTED, Reason.RULE_UNMET, f"{rule} needs {policy.wants}; upstream: {looks}"
    )
    if not policy.needs_no_failure:
        return unmet
    names = ", ".join(sorted(count.failed)[:NAMED])
    if count.failures > count.cancellations:
        message = f"{rule} needs {policy.wants}; failed: {names}"
        return Ended(Outcome.OMITTED, Reason.UPSTREAM_FAILED, message)
    if count.open:
        return None
    if count.cancellations:
        message = f"{rule} needs {policy.wants}; cancelled: {names}"
        return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, message)
    return unmet
