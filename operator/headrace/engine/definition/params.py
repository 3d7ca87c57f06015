"""
The values of a run's parameters: the run's own values, else the workflow's defaults.

Knows names, types, allowed values, and the text that carries the values to a task.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from headrace.api.checks.param_kinds import PYTHON_TYPES, Declared, Value
from headrace.api.checks.similar import did_you_mean

LONGEST = 120 * 1024
"""The most bytes of all values as JSON. They are one environment variable, and Linux starts no
program with a variable of 128 KiB (MAX_ARG_STRLEN, execve(2))."""


class InvalidParamsError(ValueError):
    """The values do not fit the workflow's parameters. `problems` names each, and the cure."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(f"params: {problem}" for problem in problems))
        self.problems = problems


def resolve(params: Sequence[Declared], given: Mapping[str, Value]) -> dict[str, Value]:
    """
    Return each parameter's value.

    Raises:
        InvalidParamsError: Some values do not fit.

    """
    problems = [*_unknown(params, given), *_unfit(params, given)]
    if problems:
        raise InvalidParamsError(tuple(problems))
    found = values(params, given)
    problem = too_large(found)
    if problem is not None:
        raise InvalidParamsError((problem,))
    return found


def values(params: Sequence[Declared], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return each parameter's value. The values were checked when the run began."""
    found: dict[str, Value] = {}
    for param in params:
        value = given.get(param.name, param.default)
        assert value is not None  # noqa: S101 - a missing value is refused before
        found[param.name] = value
    return found


def written(values: Mapping[str, Value]) -> str:
    """Write values for a task: one JSON object."""
    return json.dumps(dict(values), ensure_ascii=False)


def too_large(values: Mapping[str, Value]) -> str | None:
    """Return the problem of values that are too large for a program; None: they fit."""
    size = len(written(values).encode(errors="replace"))
    if size <= LONGEST:
        return None
    return (
        f"all values together have {size:,} bytes as JSON; at most {LONGEST:,} reach a program:"
        " put long text into a file or storage, and give its address"
    )


def _unknown(params: Sequence[Declared], given: Mapping[str, Value]) -> Iterable[str]:
    names = {param.name for param in params}
    for name in sorted(given.keys() - names):
        known = ", ".join(sorted(names)) or "none"
        cure = did_you_mean(name, names) or f"its parameters: {known}"
        yield f"the workflow has no parameter {name!r}; {cure}"


def _unfit(params: Sequence[Declared], given: Mapping[str, Value]) -> Iterable[str]:
    for param in params:
        value = given.get(param.name, param.default)
        if value is None:
            yield f"{param.name!r} has no default; give it a value"
        elif type(value) is not PYTHON_TYPES[param.type]:
            yield f"{param.name!r} must be of type {param.type}, not {value!r}"
        elif param.enum and value not in param.enum:
            allowed = ", ".join(str(value) for value in param.enum)
            yield f"{param.name!r} is {value!r}; allowed: {allowed}"
