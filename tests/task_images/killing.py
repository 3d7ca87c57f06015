r"""
A fixture with which a template's program is killed at many points, and run again: `killed`.

    def test_...(killed: Killed, tmp_path: Path) -> None:
        def fresh(number: int) -> dict[str, Any]:     # a new world for each point: the parameters
            return {"table": f"t{number}", ...}

        def check(number: int, done: Ended) -> None:  # what must be so at the end of each
            assert 1000 == rows(f"t{number}")

        killed("sql", tmp_path, fresh, check, calls=r"^psycopg\.|^task\.|^os\.(replace|fsync)")

`calls` chooses the boundary: a regular expression, searched in the names of what is called:
functions of the template (`__main__.main`, `reach.Guard.connect_tcp`) and of its libraries, in
Python or C (`psycopg.cursor.Cursor.execute`, `os.replace`). The beginning and the end of each call
count. One run counts them all; the points are spread evenly over this number. The test fails if
there are fewer calls than points. At each point the process ends by SIGKILL, and is run again, as
the next attempt of the same run, until it succeeds.

To kill at a point that a server sees (bytes, requests), use `forked` with `started`: it gets the
process id.
"""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from task_images.forking import Counted, Fork
from task_images.programs import Ended

LIVES = 3
"""How many attempts one point may take, the killed one included."""

ENOUGH = 0.8
"""The share of the points at which it must have been killed."""

Fresh = Callable[[int], Mapping[str, Any]]
Check = Callable[[int, Ended], None]
Killed = Callable[..., None]


def spread(total: int, points: int) -> list[int]:
    """Return some numbers from 1 to a total, evenly: the first, the last, and those between."""
    assert total >= points, f"only {total} calls were counted; choose a boundary with more"
    return sorted({1 + round(number * (total - 1) / (points - 1)) for number in range(points)})


@pytest.fixture
def killed(forked: Fork) -> Killed:
    """Return what kills a program at each of some points."""

    def run(  # noqa: PLR0913 - a test's one line
        image: str, folder: Path, fresh: Fresh, check: Check, *, calls: str, points: int = 20
    ) -> None:
        program = forked(image, folder)

        def live(number: int, given: Mapping[str, Any], attempt: int, at: int) -> Ended:
            about = {
                "HEADRACE_NAMESPACE": "default",
                "HEADRACE_WORKFLOW": "killed",
                "HEADRACE_RUN": f"killed-{number}",
                "HEADRACE_TASK": "work",
                "HEADRACE_ATTEMPT": str(attempt),
            }
            return program.run(given, about, Counted(calls, at))

        whole = live(0, fresh(0), 1, 0)
        assert 0 == whole.code, whole
        check(0, whole)
        deaths = 0
        for number, at in enumerate(spread(program.counted, points), start=1):
            given = fresh(number)
            done = live(number, given, 1, at)
            deaths += done.code == -signal.SIGKILL
            # A run may have some calls less than the one that was counted: as packets come.
            assert done.code == -signal.SIGKILL or program.counted < at, (at, done)
            for attempt in range(2, LIVES + 1):
                done = live(number, given, attempt, 0)
                if done.code == 0:
                    break
            assert 0 == done.code, (at, done)
            check(number, done)
        assert deaths >= points * ENOUGH

    return run
