"""
Step 3: check the data, and stop the run when a check fails.

Knows how a check is made, judged and told. Does not know what is checked: that is in rules.py.

    python -m flights.checks
"""

import logging
from collections.abc import Sequence

from .contract import Context, DataIsBadError, Outputs, run_task
from .database import Connection, add_views, database
from .layout import STAGED, layout_of
from .results import Result, write_results
from .rules import CHECKS, Check

log = logging.getLogger(__name__)


def judge(check: Check, connection: Connection) -> Result:
    """Measure one check. Nothing to measure is a failure: no rows are no proof."""
    row = connection.execute(check.sql).fetchone()
    found = row[0] if row else None
    return Result(
        name=check.name,
        passed=found is not None and check.at_least <= found <= check.at_most,
        found="nothing" if found is None else number(found, check.unit),
        allowed=allowed(check),
        promise=check.promise,
    )


def allowed(check: Check) -> str:
    """Return the limits of a check in words."""
    low, high = number(check.at_least, check.unit), number(check.at_most, check.unit)
    if check.at_least == check.at_most:
        return f"exactly {high}"
    return f"at most {high}" if check.at_least == 0 else f"{low} to {high}"


def number(value: float, unit: str) -> str:
    """Return a number as people read it: `336,776 rows`, `14.87 %`."""
    digits = f"{value:,.2f}" if unit == "%" else f"{value:,.0f}"
    return f"{digits} {unit}"


def table_of(results: Sequence[Result]) -> str:
    """Return the results as lines for a log, those that failed last, where a reader looks first."""
    ordered = sorted(results, key=lambda result: not result.passed)
    return "\n".join(
        f"{'ok  ' if result.passed else 'FAIL'}  {result.name:<24} {result.found:>14}"
        f"  ({result.allowed})  {result.promise}"
        for result in ordered
    )


def check_all(context: Context) -> Outputs:
    """
    Judge the staged tables by all checks.

    All checks run, also after one failed: who must repair the data wants the whole list.

    Raises:
        DataIsBadError: At least one check failed.

    """
    layout = layout_of(context)
    with database() as connection:
        add_views(connection, STAGED, layout.staged)
        results = [judge(check, connection) for check in CHECKS]
    write_results(results, layout)
    log.info("%s", table_of(results))
    failed = [result.name for result in results if not result.passed]
    outputs: Outputs = {"checks": len(results), "failed": failed}
    if failed:
        raise DataIsBadError(
            f"\n{len(failed)} of {len(results)} checks failed: {', '.join(failed)}.\n"
            f"Nothing of this run is published; the release before it stays in place. "
            f"The rejected tables are in {layout.staged('planes').parent}.",
            outputs,
        )
    log.info("\nall %s checks passed", len(results))
    return outputs


if __name__ == "__main__":
    run_task(check_all)
