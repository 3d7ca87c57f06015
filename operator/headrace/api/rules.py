"""
What the API server checks beyond types and bounds: CEL rules, by type.

The validators of the types say the same with the same words; a test compares them. Rules that would
cost the API server too much (a cycle, an unknown task) are not here but in
`headrace.engine.definition`. Knows no resource.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over an object of a type, which is `self`."""

    cel: str
    """True where the object is as it should be (https://kubernetes.io/docs/reference/using-api/cel/)."""
    message: str
    field: str = ""
    """The field that the rule is about, where it is one: `.timeZone`."""
    saying: str = ""
    """CEL that makes the message, where it should name something."""

    def written(self) -> dict[str, Any]:
        """Return the rule as a schema has it."""
        parts = {
            "rule": self.cel,
            "message": self.message,
            "messageExpression": self.saying,
            "fieldPath": self.field,
        }
        return {key: value for key, value in parts.items() if value}


MAX_NAME = {"Workflow": 52, "WorkflowRun": 63, "TaskRun": 63}
"""How many characters a name may have: a run's name is its workflow's and 11 more, and it is the
value of a label. The name of a TaskRun in a run is derived, and no label's value."""

NAME_TOO_LONG = {
    "Workflow": "a Workflow's name has at most 52 characters: its runs add 11 to it; shorten it",
    "WorkflowRun": "a WorkflowRun's name has at most 63 characters, as a label's value; shorten it",
    "TaskRun": "the name of a TaskRun on its own has at most 63 characters, as a label's value;"
    " shorten it",
}

NAME_RULES = {
    kind: Rule(
        f"self.metadata.name.size() <= {MAX_NAME[kind]}{' || has(self.spec.run)' * (kind == 'TaskRun')}",
        f"metadata.name: {message}",
    )
    for kind, message in NAME_TOO_LONG.items()
}


def name_problem(kind: str, name: str, spec: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an object's name, if it is too long."""
    derived = kind == "TaskRun" and "run" in spec
    return None if derived or len(name) <= MAX_NAME[kind] else NAME_TOO_LONG[kind]


RULES: Mapping[str, tuple[Rule, ...]] = {}


def rules_of(base: type) -> dict[str, tuple[Rule, ...]]:
    """Return the rules of all types under `base`, by name, with those that they inherit."""
    return {
        each.__name__: tuple(rule for parent in each.__mro__ for rule in RULES.get(parent.__name__, ()))
        for each in _descendants(base)
    }


def _descendants(base: type) -> Iterator[type]:
    for child in base.__subclasses__():
        yield child
        yield from _descendants(child)
