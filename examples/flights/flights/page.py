"""
The report's page.

Knows HTML. Does not know where the numbers come from; pictures lie beside the page.
"""

from collections.abc import Iterable, Sequence
from html import escape

from .figures import Airline, Totals
from .results import Result

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto;
       padding: 0 1rem }
h1 { margin-bottom: 0 } .quiet { color: #666 } img { width: 100%; height: auto }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem } dd { margin: 0; font-size: 1.7rem }
dt { color: #666 } table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #e3e3e3 }
th { border-color: #666; vertical-align: bottom } tr > :first-child, .words td { text-align: left }
td + td { white-space: nowrap; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: bold } summary { cursor: pointer }
"""

AIRLINE_COLUMNS = (
    "Airline",
    "Flights",
    "Cancelled",
    "Late",
    "Median delay",
    "One in ten worse than",
    "Plane known",
)


def page(
    run: str,
    totals: Totals,
    airlines: Sequence[Airline],
    checks: Sequence[Result],
    pictures: Iterable[tuple[str, str]],
) -> str:
    """
    Return the page as HTML.

    Args:
        run: Name of the run, so that a reader can find its tasks and logs.
        totals: The year's numbers.
        airlines: A row of the table for each.
        checks: What the checks found.
        pictures: File name and description of each.

    """
    images = "\n".join(f'<p><img src="{file}" alt="{escape(text)}"></p>' for file, text in pictures)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Flights of New York in 2013</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style>
<h1>Flights of New York in 2013</h1>
<p class="quiet">Made by run {escape(run)}. Late: left 15 minutes or more after its time.
Shares are of the scheduled flights.</p>
<dl>
<div><dd>{totals.flights:,}</dd><dt>flights to {totals.destinations} airports</dt></div>
<div><dd>{totals.late:.1f} %</dd><dt>late</dt></div>
<div><dd>{totals.cancelled:.1f} %</dd><dt>cancelled</dt></div>
<div><dd>{_minutes(totals.median_delay)}</dd><dt>median delay: most leave early</dt></div>
</dl>
{images}
{_airline_table(airlines)}
<p class="quiet">Plane known: the tail number is that of an airliner in the registry. American and
Envoy report fleet numbers instead, so theirs are mostly not.</p>
{_check_table(checks)}
</html>
"""


def _minutes(delay: float) -> str:
    """Return a delay in whole minutes: `5 min`, and for early a true minus sign."""
    return f"{round(delay)} min".replace("-", "\u2212")


def _row(cells: Iterable[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _airline_table(airlines: Sequence[Airline]) -> str:
    rows = "\n".join(
        _row(
            (
                airline.name,
                f"{airline.flights:,}",
                f"{airline.cancelled:.1f} %",
                f"{airline.late:.1f} %",
                _minutes(airline.median_delay),
                _minutes(airline.slow_delay),
                f"{airline.planes_known:.0f} %",
            )
        )
        for airline in airlines
    )
    return (
        f"<table><caption>Airlines, by number of flights</caption>\n"
        f"<thead>{_row(AIRLINE_COLUMNS, 'th')}</thead>\n<tbody>\n{rows}\n</tbody></table>"
    )


def _check_table(checks: Sequence[Result]) -> str:
    rows = "\n".join(_row((check.promise, check.found, check.allowed)) for check in checks)
    passed = sum(check.passed for check in checks)
    return (
        f"<details><summary>{passed} of {len(checks)} checks of the data passed</summary>\n"
        f'<table class="words">{_row(("Promise", "Found", "Allowed"), "th")}\n{rows}\n</table>'
        "</details>"
    )
