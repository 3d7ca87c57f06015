"""
The log of a task whose work an earlier run has done.

Does not know when such work counts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.task.observed import TaskLog


def log_of(
    run: str,
    why: tuple[Reason, str],
    outputs: Mapping[str, Any] | None,
    done: datetime | None,
    now: datetime,
) -> TaskLog:
    """
    Return the log of a task that succeeds at once, without an attempt.

    Args:
        run: The first run that did the work.
        why: Why the work counts here, as a word and as a sentence.
        outputs: What the work gave.
        done: When that run had done it; None: its log does not say.
        now: The time.

    """
    reason, message = why
    return TaskLog(
        outcome=Outcome.SUCCEEDED,
        reason=reason,
        message=message,
        started=now,
        finished=now,
        outputs=outputs,
        observed_generation=1,
        taken_over_from=run,
        done=done,
    )
