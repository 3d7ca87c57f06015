"""
Step 4b: write the report: a page with two pictures and a table.

Knows which numbers go where. Does not know how they are measured, drawn or written.

    python -m flights.report
"""

import logging
import os

from .contract import Context, Outputs, run_task
from .database import add_views, database
from .figures import Figures, measure
from .layout import HOURS, JOINED, PAGE, VISIBILITY, Layout, layout_of, written_whole
from .page import page
from .results import read_results

log = logging.getLogger(__name__)

PICTURES = {
    HOURS: "Share of flights that left late or not at all, by hour of the day and airport",
    VISIBILITY: "Share of flights that were late or cancelled, by visibility",
}
"""The report's pictures by file name, in words for those who cannot see them."""


def report(context: Context) -> Outputs:
    """Write the page and its pictures to the release folder."""
    layout = layout_of(context)
    with database() as connection:
        add_views(connection, (JOINED,), layout.staged)
        figures = measure(connection)
    checks = read_results(layout)
    _draw(figures, layout)
    with written_whole(layout.report / PAGE) as partial:
        partial.write_text(
            page(context.run, figures.totals, figures.airlines, checks, PICTURES.items()),
            encoding="utf-8",
        )
    log.info("%s", layout.report / PAGE)
    return {"page": str((layout.report / PAGE).relative_to(layout.data))}


def _draw(figures: Figures, layout: Layout) -> None:
    """Draw both pictures."""
    # Matplotlib looks for a place for its list of fonts when it is imported. The shared folder is
    # writable where a container's home is not, and later runs find the list there.
    os.environ.setdefault("MPLCONFIGDIR", str(layout.data / "cache" / "matplotlib"))
    from .plots import draw_hours, draw_visibility  # noqa: PLC0415 - see above

    with written_whole(layout.report / HOURS) as partial:
        draw_hours(figures.hours, partial)
    with written_whole(layout.report / VISIBILITY) as partial:
        draw_visibility(figures.visibilities, partial)


if __name__ == "__main__":
    run_task(report)
