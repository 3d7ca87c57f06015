"""The `runWhen` rules: `headrace.engine.definition.run_when`."""

from collections.abc import Sequence
from itertools import combinations_with_replacement, permutations, product

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import RunWhen
from headrace.engine.definition.run_when import (
    NEED_UPSTREAM,
    PATIENT,
    RULES,
    Tally,
    omission,
    tally,
)
from headrace.engine.outcome import Look, Outcome
from support import oracle

RULE_NAMES = sorted(RunWhen, key=lambda rule: rule.value)
LOOKS = {"s": Look.SUCCESS, "f": Look.FAILURE, "c": Look.CANCELLATION, "k": Look.SKIP}
"""Success, failure, cancelled, skip; a dot stands for a task that has not ended."""


def counted(looks: str) -> Tally:
    """Return the tally of upstream tasks that look so, named by their places."""
    names = [f"t{place}" for place in range(len(looks))]
    ended = {name: LOOKS[look] for name, look in zip(names, looks, strict=True) if look != "."}
    return tally(names, ended)


def answer(rule: RunWhen, looks: str) -> str:
    """Say in one word what a rule makes of upstream tasks."""
    if RULES[rule].met(counted(looks)):
        return "start"
    end = omission(rule, counted(looks))
    if end is None:
        return "wait"
    return {Look.FAILURE: "fail", Look.CANCELLATION: "cancel"}.get(end.look, "skip")


# One column for each way in which upstream tasks can look.
COLUMNS = "ss   sf   ff   sk   fk   kk   s.   f.   k.   .."
TABLE = {
    "AllSucceeded": "start fail  fail  skip  fail  skip  wait  fail  wait  wait",
    "AllFailed": "skip  skip  start skip  skip  skip  skip  wait  skip  wait",
    "AllDone": "start start start start start start wait  wait  wait  wait",
    "AllDoneMinOneSucceeded": "start start fail  start fail  skip  wait  wait  wait  wait",
    "AllSkipped": "skip  skip  skip  skip  skip  start skip  skip  wait  wait",
    "OneFailed": "skip  start start skip  start skip  wait  start wait  wait",
    "OneSucceeded": "start start fail  start fail  skip  start wait  wait  wait",
    "OneDone": "start start start start start skip  start start wait  wait",
    "NoneFailed": "start fail  fail  start fail  start wait  fail  wait  wait",
    "NoneFailedMinOneSucceeded": "start fail  fail  start fail  skip  wait  fail  wait  wait",
    "NoneSkipped": "start start start skip  skip  skip  wait  wait  skip  wait",
    "Always": "start start start start start start start start start start",
}
CASES = [
    pytest.param(RunWhen(rule), looks, want, id=f"{rule} of {looks}")
    for rule, row in TABLE.items()
    for looks, want in zip(COLUMNS.split(), row.split(), strict=True)
]


@pytest.mark.parametrize(("rule", "looks", "want"), CASES)
def test_rules(rule: RunWhen, looks: str, want: str) -> None:
    """A rule lets a task start, leaves it out (looking failed or skipped), or lets it wait."""
    assert want == answer(rule, looks)


def test_every_rule_is_in_the_table() -> None:
    """No rule of the API is left out of the table above, nor of the engine's."""
    assert set(RunWhen) == {RunWhen(rule) for rule in TABLE} == RULES.keys()


def plain(looks: str) -> list[str | None]:
    """Return looks in the words of the second reading, to which a cancelled task has failed."""
    words = {"s": oracle.SUCCESS, "f": oracle.FAILURE, "c": oracle.FAILURE, "k": oracle.SKIP}
    return [words.get(look) for look in looks]


ALL_LOOKS = [
    "".join(looks)
    for length in range(1, 5)
    for looks in combinations_with_replacement("sfck.", length)
]


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_a_second_reading_of_the_reference_agrees(rule: RunWhen) -> None:
    """For up to four upstream tasks, in every way they can look, two readings say the same."""
    for looks in ALL_LOOKS:
        said, seen = answer(rule, looks), plain(looks)
        assert (said == "start") == oracle.may_start(rule.value, seen), looks
        if said in ("fail", "skip", "cancel"):
            assert not oracle.can_ever_start(rule.value, seen), looks
        if "." not in looks:
            assert said != "wait", looks
        if "." not in looks and said != "start":
            look = oracle.look_of_omitted(rule.value, [each for each in seen if each])
            assert look == _words(said), looks


def _words(said: str) -> str:
    return oracle.SKIP if said == "skip" else oracle.FAILURE


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_an_answer_never_changes_whatever_ends_next(rule: RunWhen) -> None:
    """In every order in which three upstream tasks can end: once decided, decided."""
    for ends in combinations_with_replacement("sfck", 3):
        for order in permutations(range(3)):
            _follow(rule, ends, order)


def _follow(rule: RunWhen, ends: Sequence[str], order: Sequence[int]) -> None:
    looks, decided = ["."] * len(ends), "wait"
    for place in order:
        looks[place] = ends[place]
        said = answer(rule, "".join(looks))
        assert decided in ("wait", said), (ends, order)
        decided = said
    assert decided != "wait"


@pytest.mark.parametrize(
    ("rule", "looks", "want"),
    [
        pytest.param(
            "AllSucceeded", "sc", "cancel", id="a cancelled task cancels the tasks that need it"
        ),
        pytest.param("AllSucceeded", "fc", "fail", id="a failure weighs more than a cancellation"),
        pytest.param("AllSucceeded", "c.", "wait", id="a failure may still come"),
        pytest.param("AllSucceeded", "ck", "cancel", id="a cancellation weighs more than a skip"),
        pytest.param("AllDone", "sc", "start", id="a cancelled task is done"),
        pytest.param("OneFailed", "sc", "start", id="a cancelled task counts as failed"),
        pytest.param("AllSkipped", "kc", "skip", id="a rule that blames no failure looks skipped"),
    ],
)
def test_cancelled_tasks_upstream(rule: str, looks: str, want: str) -> None:
    """A cancellation is a failure to every rule; what is left out because of it is cancelled."""
    assert want == answer(RunWhen(rule), looks)


def test_who_waits_on_nothing() -> None:
    """Without upstream tasks a rule is met, or is one that the definition refuses."""
    for rule in RunWhen:
        assert RULES[rule].met(Tally(0)) == (rule not in NEED_UPSTREAM)


def test_patient_rules_wait_while_there_are_only_successes() -> None:
    """The shortcut for large runs: such a task needs no counting while a task upstream is open."""
    for rule, successes, more in product(RunWhen, range(4), range(1, 4)):
        waits = answer(rule, "s" * successes + "." * more) == "wait"
        assert waits or rule not in PATIENT


def test_an_omission_names_its_cause() -> None:
    """The message says what the rule wants, and which tasks failed."""
    end = omission(RunWhen.ALL_SUCCEEDED, counted("sfffffff"))
    assert end is not None
    assert (Outcome.OMITTED, Reason.UPSTREAM_FAILED) == (end.outcome, end.reason)
    assert (
        "AllSucceeded needs all upstream tasks to succeed; failed: t1, t2, t3, t4, t5"
        == end.message
    )


def test_an_omission_without_a_failure_counts_what_there_was() -> None:
    """Nobody is to blame, so the message has the numbers."""
    end = omission(RunWhen.ONE_FAILED, counted("ssk"))
    assert end is not None
    assert Reason.RULE_UNMET == end.reason
    want = "OneFailed needs one upstream task to fail; upstream: 2 succeeded, 0 failed, 1 skipped"
    assert want == end.message
