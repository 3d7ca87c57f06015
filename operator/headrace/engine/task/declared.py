"""
The outputs that a task declares, against the ones that it wrote.

Knows names and types. Does not know how outputs are written.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from headrace.api.checks.instants import read_time
from headrace.api.checks.similar import did_you_mean
from headrace.api.v1alpha1.task import Output, OutputType
from headrace.engine.text import clip

SHOWN = 60
"""How many characters of a wrong value a message shows."""


def check_declared(declared: Sequence[Output], written: Mapping[str, Any] | None) -> None:
    """
    Compare outputs with their declaration. Outputs that are not declared may be there too.

    Args:
        declared: The outputs that the task declares.
        written: The outputs that it wrote; None: it wrote none.

    Raises:
        ValueError: An output is missing or has another type; the text names each, and the cure.

    """
    problems = list(_problems(declared, written or {}))
    if problems:
        raise ValueError("; ".join(problems))


def _problems(declared: Sequence[Output], written: Mapping[str, Any]) -> Iterator[str]:
    for output in declared:
        if output.name not in written:
            others = written.keys() - {each.name for each in declared}
            cure = did_you_mean(output.name, others) or "write it"
            yield f"output {output.name!r} is declared and missing; {cure}"
        elif not FITS[output.type](written[output.name]):
            shown = clip(json.dumps(written[output.name], ensure_ascii=False), SHOWN)
            yield f"output {output.name!r} is declared as {output.type}, not {shown}"


def _is_time(value: Any) -> bool:
    try:
        read_time(value)
    except (TypeError, ValueError):
        return False
    return True


FITS: Mapping[OutputType, Callable[[Any], bool]] = {
    OutputType.STRING: lambda value: isinstance(value, str),
    OutputType.INTEGER: lambda value: type(value) is int,
    OutputType.BOOLEAN: lambda value: isinstance(value, bool),
    OutputType.NUMBER: lambda value: type(value) in (int, float),
    OutputType.TIMESTAMP: lambda value: isinstance(value, str) and _is_time(value),
    OutputType.JSON: lambda _: True,
}
"""Whether a value is of a type."""
