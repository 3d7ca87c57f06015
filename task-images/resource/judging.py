"""
What an object's status means: by expressions (CEL) over `object` and `status`, or by conditions.

Knows the language. Knows no server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from cel_expr_python import cel
from task_contract import CheckFailed, WrongInput

SHOWN = 200


class State(Enum):
    """What has become of an object."""

    PENDING = auto()
    SUCCEEDED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Rules:
    """When an object has ended, and what is taken from it."""

    success: Any
    failure: Any
    success_condition: str
    failure_condition: str
    outputs: Mapping[str, Any]

    @property
    def waits(self) -> bool:
        """Whether an end is known at all."""
        return self.success is not None or bool(self.success_condition)


def rules(
    success: str, failure: str, success_condition: str, failure_condition: str, outputs: Any
) -> Rules:
    """
    Return rules.

    Raises:
        WrongInput: An expression cannot be read.

    """
    if not isinstance(outputs, dict) or not all(isinstance(each, str) for each in outputs.values()):
        raise WrongInput("outputs is no object of expressions; write {rows: status.rows}")
    return Rules(
        _compiled("success", success),
        _compiled("failure", failure),
        success_condition,
        failure_condition,
        {name: _compiled(f"outputs.{name}", text) for name, text in outputs.items()},
    )


def judge(rules: Rules, found: Mapping[str, Any]) -> State:
    """
    Return what has become of an object. A failure comes before a success.

    A field that is not there yet makes an expression neither true nor false.
    """
    if _true(rules.failure, found) or _holds(rules.failure_condition, found):
        return State.FAILED
    if _true(rules.success, found) or _holds(rules.success_condition, found):
        return State.SUCCEEDED
    return State.PENDING


def picked(rules: Rules, found: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the outputs.

    Raises:
        CheckFailed: The object has no such field.

    """
    values: dict[str, Any] = {}
    for name, expression in rules.outputs.items():
        result = expression.eval(data=_data(found))
        if result.type() == cel.Type.ERROR:
            raise CheckFailed(f"outputs.{name}: {_words(result)}; correct the expression")
        values[name] = result.plain_value()
        try:
            json.dumps(values[name], allow_nan=False)
        except (TypeError, ValueError) as error:
            raise CheckFailed(
                f"outputs.{name} is no value of JSON: {error}; write string() around it"
            ) from error
    return values


def summary(found: Mapping[str, Any]) -> str:
    """Return the words with which an object says how it is, as far as kinds agree on that."""
    status = found.get("status") or {}
    if not isinstance(status, dict):
        return ""
    words = [
        str(status[name])
        for name in ("phase", "state", "jobStatus", "jobDeploymentStatus", "reason", "message")
        if isinstance(status.get(name), str)
    ]
    for each in status.get("conditions") or ():
        if isinstance(each, dict) and each.get("status") == "True":
            said = each.get("message") or each.get("reason")
            words.append(f"{each.get('type')}{f' ({said})' if said else ''}")
    return ", ".join(words)[:SHOWN]


def _compiled(parameter: str, text: str) -> Any:
    if not text:
        return None
    try:
        return _ENVIRONMENT.compile(text)
    except (RuntimeError, ValueError, UnicodeError) as error:
        said = " ".join(str(error).split())[:SHOWN]
        raise WrongInput(f"{parameter} is no expression: {said}; correct it") from error


_ENVIRONMENT = cel.NewEnv(variables={"object": cel.Type.DYN, "status": cel.Type.DYN})


def _true(expression: Any, found: Mapping[str, Any]) -> bool:
    return expression is not None and expression.eval(data=_data(found)).value() is True


def _data(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"object": dict(found), "status": found.get("status") or {}}


def _words(result: Any) -> str:
    return str(result).partition(": ")[2][:SHOWN]


def _holds(wanted: str, found: Mapping[str, Any]) -> bool:
    """Return whether a condition is True, and speaks of the newest generation."""
    if not wanted:
        return False
    status, generation = found.get("status") or {}, found.get("metadata", {}).get("generation", 0)
    listed = status.get("conditions") if isinstance(status, dict) else None
    return any(
        each.get("type") == wanted
        and each.get("status") == "True"
        and each.get("observedGeneration", generation) >= generation
        for each in listed or ()
        if isinstance(each, dict)
    )
