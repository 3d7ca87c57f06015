"""The names of runs that start by themselves: no two things want one run."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.workflow.run_names import run_name
from headrace.engine.workflow.supervise import apply_name

WORKFLOW_NAME = st.text("g0-", min_size=1, max_size=6)
NUMBER = st.integers(1, 5_000_000_000)
NAMED = st.one_of(
    st.tuples(WORKFLOW_NAME, st.none()),
    st.tuples(WORKFLOW_NAME, NUMBER.map(lambda number: f"g{number}")),
    st.tuples(WORKFLOW_NAME, st.integers(10**9, 5 * 10**9)),
)


def _run_named(workflow: str, what: int | str | None) -> str:
    """Return the name of the run of a tick (in seconds), of a generation, or of the first one."""
    if isinstance(what, int):
        return run_name(workflow, datetime.fromtimestamp(what, UTC))
    return apply_name(workflow, None if what is None else int(what[1:]))


@given(NAMED, NAMED)
def test_what_starts_by_itself_never_wants_the_run_of_another(
    one: tuple[str, int | str | None], other: tuple[str, int | str | None]
) -> None:
    """Ticks and definitions of workflows whatever these are called."""
    assert (one == other) == (_run_named(*one) == _run_named(*other))
