"""
The `runWhen` rules and the end of a run, read from the reference's text a second time.

Slow and plain on purpose, and without a line of the engine: what the engine says is compared with
this. Looks are words: success, failure, skip; None for a task that has not ended.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

SUCCESS, FAILURE, SKIP = "success", "failure", "skip"
Looks = Sequence[str | None]

ENDED_WELL: Mapping[str, Callable[[Sequence[str]], bool]] = {
    "AllSucceeded": lambda all_: all(each == SUCCESS for each in all_),
    "AllFailed": lambda all_: all(each == FAILURE for each in all_),
    "AllDone": lambda _: True,
    "AllDoneMinOneSucceeded": lambda all_: SUCCESS in all_,
    "AllSkipped": lambda all_: all(each == SKIP for each in all_),
    "OneFailed": lambda all_: FAILURE in all_,
    "OneSucceeded": lambda all_: SUCCESS in all_,
    "OneDone": lambda all_: SUCCESS in all_ or FAILURE in all_,
    "NoneFailed": lambda all_: FAILURE not in all_,
    "NoneFailedMinOneSucceeded": lambda all_: FAILURE not in all_ and SUCCESS in all_,
    "NoneSkipped": lambda all_: SKIP not in all_,
    "Always": lambda _: True,
}
"""What each rule wants of upstream tasks that have all ended."""

EAGER = frozenset({"OneFailed", "OneSucceeded", "OneDone", "Always"})
"""The rules that start as soon as one upstream task is enough; the others wait for all."""

BLAMES_FAILURE = frozenset(
    {"AllSucceeded", "AllDoneMinOneSucceeded", "OneSucceeded", "NoneFailed"}
    | {"NoneFailedMinOneSucceeded"}
)
"""The rules that a failure upstream can rule out: the task then looks failed to others."""


def futures(looks: Looks) -> list[list[str]]:
    """Return every way in which the tasks that have not ended could end."""
    choices = [[look] if look is not None else [SUCCESS, FAILURE, SKIP] for look in looks]
    return [list(future) for future in product(*choices)]


def may_start(rule: str, looks: Looks) -> bool:
    """Say whether a task with this rule may start now."""
    if rule in EAGER:
        return ENDED_WELL[rule]([look for look in looks if look is not None])
    ended = [look for look in looks if look is not None]
    return len(ended) == len(looks) and ENDED_WELL[rule](ended)


def can_ever_start(rule: str, looks: Looks) -> bool:
    """Say whether there is a future in which the task starts."""
    return any(ENDED_WELL[rule](future) for future in futures(looks))


def look_of_omitted(rule: str, looks: Sequence[str]) -> str:
    """Say how a task that its rule left out looks to others, all upstream tasks having ended."""
    return FAILURE if rule in BLAMES_FAILURE and FAILURE in looks else SKIP


# --- retries ----------------------------------------------------------------------------------

Ending = tuple[str, int | None]
"""How an attempt ends: a reason (`Succeeded` among them) and an exit code."""

INFRASTRUCTURE = frozenset(
    {"NodeLost", "Evicted", "Preempted", "PodDeleted", "JobDeleted", "ApprovalDeleted"}
)
BY_PEOPLE = frozenset({"Rejected", "ApprovalTimeout"})
"""Nobody is asked again for a limit: only a rule does that."""


@dataclass(frozen=True)
class Retries:
    """A retry policy in plain words."""

    limit: int
    infrastructure_limit: int
    rules: Sequence[tuple[Collection[int], Collection[str], str]]
    """Exit codes, reasons, action."""


def attempts(policy: Retries, endings: Sequence[Ending]) -> Sequence[Ending]:
    """Return the attempts that a task makes, if it would end so each time; the last is its end."""
    user = infrastructure = 0
    for made, (reason, code) in enumerate(endings, start=1):
        if reason == "Succeeded":
            return endings[:made]
        action = next(
            (then for codes, reasons, then in policy.rules if code in codes or reason in reasons),
            None,
        )
        if action == "Ignore":
            continue
        if action is None and reason in BY_PEOPLE:
            return endings[:made]
        if reason in INFRASTRUCTURE:
            infrastructure += 1
        else:
            user += 1
        spent = user > policy.limit or infrastructure > policy.infrastructure_limit
        if action == "Fail" or spent:
            return endings[:made]
    return endings


@dataclass(frozen=True)
class ItemEnds:
    """How the items of a task end."""

    succeeded: Sequence[int]
    failed: Sequence[int]
    attempts: int
    """How many attempts it takes."""
    outcome: str


def item_ends(limit: int, tolerated: int, codes: Sequence[Sequence[int]]) -> ItemEnds:
    """Return the ends of items that would end so in each attempt; further ones end well."""
    runs = [
        next((n for n, code in enumerate(each, 1) if code == 0), len(each) + 1) for each in codes
    ]
    succeeded = [index for index, count in enumerate(runs) if count <= limit + 1]
    failed = [index for index, count in enumerate(runs) if count > limit + 1]
    made = max(min(count, limit + 1) for count in runs)
    return ItemEnds(succeeded, failed, made, "Failed" if len(failed) > tolerated else "Succeeded")
