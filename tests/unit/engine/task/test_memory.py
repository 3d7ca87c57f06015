"""How much memory the next attempt gets: `headrace.engine.task.memory`."""

import pytest

from headrace.api.v1alpha1.pod import Resources
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.memory import next_memory, raised, to_bytes, to_quantity
from headrace.engine.task.observed import Attempt
from support.builders import failed, on, retries

MEBI = 1024 * 1024


@pytest.mark.parametrize(
    ("quantity", "want"),
    [
        ("512Mi", 512 * MEBI),
        ("4Gi", 4096 * MEBI),
        ("1G", 1_000_000_000),
        ("1500k", 1_500_000),
        ("1000000", 1_000_000),
        ("1.5Gi", 1536 * MEBI),
        ("1E", 10**18),
        ("1Ei", 2**60),
        ("100m", 1),
        ("1500m", 2),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(quantity: str, want: int) -> None:
    """Powers of 1000 and of 1024; parts of a byte are rounded up."""
    assert want == to_bytes(quantity)


def test_quantities_are_written_in_whole_mebibytes() -> None:
    """Rounded up, so that nothing gets less than was meant."""
    assert ["1Mi", "1Mi", "2Mi"] == [to_quantity(n) for n in (1, MEBI, MEBI + 1)]


def resources(limit: str | None = None, request: str | None = None) -> Resources:
    """Return what a task asks for."""
    return Resources(
        requests={"cpu": "1"} | ({"memory": request} if request else {}),
        limits={"memory": limit} if limit else {},
    )


HALF_MORE = retries(5, on("OOMKilled", then="Retry", memory_factor_percent=150))
CAPPED = retries(5, on("OOMKilled", then="Retry", memory_factor_percent=200, max_memory="1000M"))
OOM = failed(Reason.OOM_KILLED, code=137)


def after(attempt: Attempt, memory: str | None) -> Attempt:
    """Return the attempt as one that had so much memory."""
    return Attempt(1, finished=attempt.finished, reason=attempt.reason, memory=memory)


def test_the_first_attempt_gets_what_the_task_says() -> None:
    """There is nothing to grow from."""
    assert next_memory(HALF_MORE, None, resources("512Mi")) is None


@pytest.mark.parametrize(
    ("asked", "want"),
    [
        pytest.param(resources("512Mi"), "768Mi", id="the limit grows"),
        pytest.param(resources("512Mi", "100Mi"), "768Mi", id="the limit grows, not the request"),
        pytest.param(resources(None, "100Mi"), "150Mi", id="without a limit, the request grows"),
        pytest.param(resources(), None, id="without limit and request, nothing grows"),
    ],
)
def test_memory_grows_by_the_rules_factor(asked: Resources, want: str | None) -> None:
    """A rule about how the attempt ended raises the next one's memory."""
    assert want == next_memory(HALF_MORE, OOM, asked)


def test_growth_goes_on_from_attempt_to_attempt() -> None:
    """The factor is of the attempt's memory, not of the task's."""
    assert "1152Mi" == next_memory(HALF_MORE, after(OOM, "768Mi"), resources("512Mi"))


def test_growth_stays_when_another_failure_follows() -> None:
    """Memory that was needed once is still needed."""
    assert "768Mi" == next_memory(HALF_MORE, after(failed(), "768Mi"), resources("512Mi"))


def test_growth_stops_at_the_ceiling_as_it_was_written() -> None:
    """Not a byte more, also where the ceiling is no whole number of mebibytes."""
    assert "1000M" == next_memory(CAPPED, OOM, resources("600M"))
    assert "1000M" == next_memory(CAPPED, after(OOM, "1000M"), resources("600M"))


def test_a_task_that_asks_for_more_than_the_ceiling_is_not_made_smaller() -> None:
    """The ceiling is of growth."""
    assert "2Gi" == next_memory(CAPPED, OOM, resources("2Gi"))


@pytest.mark.parametrize(
    ("asked", "memory", "want"),
    [
        pytest.param(
            resources("512Mi", "256Mi"),
            "768Mi",
            ("384Mi", "768Mi"),
            id="request and limit grow by the same factor",
        ),
        pytest.param(resources("512Mi"), "768Mi", (None, "768Mi"), id="a limit alone grows"),
        pytest.param(
            resources(None, "512Mi"),
            "768Mi",
            ("768Mi", None),
            id="a request alone grows, without a new limit",
        ),
        pytest.param(
            resources("512Mi", "256Mi"), None, ("256Mi", "512Mi"), id="without a raise, both stay"
        ),
        pytest.param(
            resources("500M", "500M"),
            "1000M",
            ("1000M", "1000M"),
            id="the request stays within the limit",
        ),
    ],
)
def test_requests_and_limits_are_raised_by_the_same_factor(
    asked: Resources, memory: str | None, want: tuple[str | None, str | None]
) -> None:
    """The scheduler knows of the growth, and what was not there is not added."""
    grown = raised(asked, memory)
    assert want == (grown["requests"].get("memory"), grown["limits"].get("memory"))
    assert "1" == grown["requests"]["cpu"]
