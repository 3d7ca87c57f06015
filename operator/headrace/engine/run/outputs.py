"""
The outputs of a run: asked for when all its tasks have ended, and judged before the run ends.

Knows the values of the run's own expressions. Evaluates nothing.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.engine.definition.task_expressions import words
from headrace.engine.run.observed import ObservedRun, RunLog
from headrace.engine.run.questions import scope_of
from headrace.engine.run.survey import Survey
from headrace.engine.task.actions import OF_THE_RUN, Evaluate
from headrace.engine.task.classify import MAX_OUTPUT_BYTES
from headrace.engine.task.declared import check_declared
from headrace.engine.task.obstacles import Busy
from headrace.engine.text import clip, rfc3339

End = Mapping[str, Any]
"""The fields of a log that say how its run ended."""

OPEN: Final = "the run's outputs are being evaluated"


def asks(
    run: ObservedRun, definition: Definition, found: Survey, log: RunLog, now: datetime
) -> Iterator[Evaluate]:
    """Yield the request for the values of a run's outputs, once nothing else is left of it."""
    if log.finished is not None or log.message != OPEN or until(run, now) is not None:
        return
    outputs = definition.outputs
    scope = scope_of(run, definition, found, outputs.reads)
    yield Evaluate(
        OF_THE_RUN,
        fields={name: Question(asked, scope) for name, asked in outputs.expressions.items()},
    )


def until(run: ObservedRun, now: datetime) -> datetime | None:
    """Return when to ask again, if the machine could not answer a moment ago."""
    match run.obstacles.get(OF_THE_RUN):
        case Busy(until=moment) if now < moment:
            return moment
    return None


def with_outputs(end: End, run: ObservedRun, definition: Definition) -> End | None:
    """
    Return the end of a run with its outputs; None: their values are not known yet.

    Only a run that succeeded has outputs. A value that is none makes it fail.
    """
    if not end["succeeded"] or not definition.outputs.expressions:
        return end
    known = run.evaluated.get(OF_THE_RUN)
    if known is None:
        return None
    for name, value in known.fields.items():
        if isinstance(value, Failure):
            return _failed(Reason.INVALID_EXPRESSION, f"output {name!r}: {words(value)}")
    outputs = {name: _plain(value) for name, value in known.fields.items()}
    try:
        check_declared(definition.outputs.declared, outputs)
        _check_size(outputs)
    except ValueError as error:
        return _failed(Reason.INVALID_OUTPUTS, str(error))
    return {**end, "outputs": outputs}


def _failed(reason: Reason, message: str) -> End:
    return {"succeeded": False, "reason": reason, "message": clip(message)}


def _plain(value: Value | Failure) -> Any:
    """Return a value as JSON has it: instants are text."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=rfc3339))


def _check_size(outputs: Mapping[str, Any]) -> None:
    size = len(json.dumps(outputs, ensure_ascii=False).encode(errors="replace"))
    if size > MAX_OUTPUT_BYTES:
        raise ValueError(
            f"the run's outputs have {size:,} bytes as JSON; at most {MAX_OUTPUT_BYTES:,} are"
            " allowed: put a large value into storage, and give its address"
        )
