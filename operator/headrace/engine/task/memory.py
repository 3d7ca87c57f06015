"""
The memory of the next attempt.

Knows quantities of Kubernetes, and the rule that raises them. Knows no pod.
"""

from collections.abc import Mapping
from decimal import Decimal
from math import ceil

from headrace.api.checks.quantities import amount
from headrace.api.v1alpha1.pod import Resources
from headrace.api.v1alpha1.retry import RetryPolicy, RetryRule
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Program
from headrace.engine.task.observed import Attempt, TaskLog
from headrace.engine.task.retry import matching_rule

_MEBI = 1024 * 1024

DEFAULT_RESOURCES = Resources(requests={"cpu": "20m", "memory": "64Mi"}, limits={"memory": "1Gi"})
"""The default resources of a task: little enough for many at once, enough for a script."""


def to_bytes(quantity: str) -> int:
    """Read a quantity such as `512Mi` as a number of bytes (rounded up)."""
    return ceil(amount(quantity))


def to_quantity(size: int) -> str:
    """Write a number of bytes as whole mebibytes, rounded up."""
    return f"{-(-size // _MEBI)}Mi"


def next_memory(
    policy: RetryPolicy,
    last: Attempt | None,
    resources: Resources,
    rule: RetryRule | None = None,
) -> str | None:
    """
    Return the memory of the next attempt, or None if the task's own value holds.

    Args:
        policy: The task's retry policy.
        last: The previous attempt, if there was one; it has failed.
        resources: The task's requests and limits.
        rule: The rule that matched an item of the attempt; None: the one that matches the attempt.

    """
    if last is None:
        return None
    rule = rule or matching_rule(policy, last)
    base = last.memory or _own(resources)
    if rule is None or rule.memory_factor_percent is None or base is None:
        return last.memory
    grown = to_bytes(base) * rule.memory_factor_percent // 100
    if rule.max_memory is None or grown < to_bytes(rule.max_memory):
        return to_quantity(grown)
    # maxMemory does not lower a task's own value.
    return max(base, rule.max_memory, key=to_bytes)


def raised(resources: Resources, memory: str | None) -> Mapping[str, Mapping[str, str]]:
    """Return requests and limits with the memory raised: both by the same factor."""
    requests, limits = dict(resources.requests), dict(resources.limits)
    base = _own(resources)
    if memory is None or base is None:
        return {"requests": requests, "limits": limits}
    if "memory" in limits:
        limits["memory"] = memory
    if "memory" in requests:
        factor = Decimal(to_bytes(memory)) / to_bytes(base)
        grown = to_quantity(int(to_bytes(requests["memory"]) * factor))
        requests["memory"] = min(grown, memory, key=to_bytes)
    return {"requests": requests, "limits": limits}


def _own(resources: Resources) -> str | None:
    """Return a task's own memory: its limit, else its request."""
    return resources.limits.get("memory") or resources.requests.get("memory")


def memory_of_next(task: TaskDefinition, log: TaskLog) -> str | None:
    """Return the memory of a task's next attempt, if a rule has raised it."""
    if not isinstance(task.work, Program):
        return None
    place = log.items.memory_rule if log.items is not None else None
    known = place is not None and place < len(task.retry.rules)
    rule = task.retry.rules[place] if place is not None and known else None
    return next_memory(task.retry, log.last, resources_of(task.work), rule)


def resources_of(work: Program) -> Resources:
    """Return the requests and limits of a program, or the default ones."""
    return work.body.resources or DEFAULT_RESOURCES
