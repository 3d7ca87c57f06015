"""
A check of the API server in CEL, and the form of rules in a schema.

Knows the cost of rules for the API server. Knows no type.
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over an object of a type, which is `self`."""

    cel: str
    """True if the object is valid
    (https://kubernetes.io/docs/reference/using-api/cel/)."""
    message: str
    field: str = ""
    """The field of the rule, if there is a single one: `.timeZone`."""
    saying: str = ""
    """CEL for the message, if it names a part of the object."""

    def written(self) -> dict[str, Any]:
        """Return the rule in the form of a schema."""
        parts = {
            "rule": self.cel,
            "message": self.message,
            "messageExpression": self.saying,
            "fieldPath": self.field,
        }
        return {key: value for key, value in parts.items() if value}

    @property
    def sentence(self) -> str:
        """CEL for the message, with the field at its beginning."""
        field = f"{self.field[1:]}: " if self.field else ""
        if self.saying:
            return f"'{field}' + {self.saying}" if field else self.saying
        return json.dumps(f"{field}{self.message}", ensure_ascii=False)


TOGETHER = frozenset({"EnvVar", "NamedTask", "RetryRule", "Task", "Wait"})
"""
Types with thousands of objects in a large workflow: their rules become one rule. One rule for one
element costs the API server about 70 microseconds, whatever the rule says (measured: 0.35 s for
5,000 tasks on 1.36), and each write of the status evaluates all of them again. A check in the
schema itself costs next to nothing. A comparison of two lists (the names in `finally` and in
`tasks`) costs seconds, so `headrace.engine.definition.problems` makes it.
"""


def written(name: str, rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Return the rules of a type in the form of a schema."""
    if name not in TOGETHER or not rules:
        return [rule.written() for rule in rules]
    *others, last = rules
    sentence = last.sentence
    for rule in reversed(others):
        sentence = f"!({rule.cel}) ? {rule.sentence} : {sentence}"
    return [
        {
            "rule": " && ".join(f"({rule.cel})" for rule in rules),
            "message": "; or ".join(rule.message for rule in rules),
            "messageExpression": sentence,
        }
    ]
