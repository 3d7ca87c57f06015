"""Between the engine's log of a pool and its `status`: `headrace.manifests.pool_status`."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.pool import PoolClaim, PoolHolder
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.pool.observed import PoolLog
from headrace.manifests.conditions import Past
from headrace.manifests.pool_status import pool_status, read_pool_status, slots_of
from support.builders import at
from support.statuses import stored

NAMES = st.sampled_from(["etl-1", "load"])
LOGS = st.builds(
    PoolLog,
    ready=st.booleans(),
    reason=st.sampled_from(Reason),
    message=st.text("words ", max_size=20),
    used=st.integers(0, 99),
    waiting=st.integers(0, 9999),
    holders=st.lists(
        st.builds(
            PoolHolder,
            run=NAMES,
            task=st.just("load"),
            slots=st.integers(0, 9),
            since=st.none() | st.integers(0, 999).map(at),
        ),
        max_size=3,
    ).map(tuple),
    queue=st.lists(
        st.builds(
            PoolClaim,
            run=NAMES,
            task=st.just("load"),
            slots=st.integers(0, 9),
            priority=st.integers(-9, 9),
        ),
        max_size=3,
    ).map(tuple),
    observed_generation=st.integers(0, 99),
)


@settings(deadline=None)
@given(LOGS)
def test_the_log_of_a_pool_is_read_back_the_same(known: PoolLog) -> None:
    """A difference would be a change, and be written each second."""
    assert known == read_pool_status(stored(pool_status(known, Past(at(-60)))))


def test_what_somebody_else_wrote_counts_as_no_status() -> None:
    """The status is a projection: it is written anew."""
    assert PoolLog() == read_pool_status({"used": "many"})


def test_slots_that_are_no_number_are_none() -> None:
    """The API server refuses them, so an older one let them through."""
    assert (3, 0, 0) == (slots_of({"slots": 3}), slots_of({"slots": "3"}), slots_of({}))
