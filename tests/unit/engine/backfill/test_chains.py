"""A run and its reruns: `headrace.engine.backfill.chains`."""

from datetime import UTC, datetime, timedelta

from headrace.engine.backfill.chains import Chains, Link

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


def link(name: str, age: int, repeats: str | None = None) -> Link[str]:
    """Return a run that was created so many minutes after the first one."""
    return Link(name, BEGIN + timedelta(minutes=age), repeats, name)


def test_a_run_has_its_reruns_and_theirs() -> None:
    """Oldest first, in whatever order they come; others are not among them."""
    runs = (link("c", 2, "b"), link("a", 0), link("b", 1, "a"), link("x", 3), link("y", 4, "x"))
    assert ["a", "b", "c"] == Chains(runs).of("a")
    assert ["b", "c"] == Chains(runs).of("b")
    assert [] == Chains(runs).of("nobody")


def test_a_rerun_is_found_though_the_first_run_is_gone() -> None:
    """It names it."""
    assert ["b"] == Chains([link("b", 1, "a")]).of("a")


def test_runs_that_name_one_another_are_found_once() -> None:
    """Somebody may write such specs."""
    runs = (link("a", 0, "b"), link("b", 1, "a"), link("c", 2, "c"))
    assert ["a", "b"] == Chains(runs).of("a")
    assert ["c"] == Chains(runs).of("c")
