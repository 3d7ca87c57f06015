"""
One thing that the API server checks, in CEL, and how rules are written into a schema.

Knows what a rule costs the API server. Knows no type.
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over an object of a type, which is `self`."""

    cel: str
    """True where the object is as it should be
    (https://kubernetes.io/docs/reference/using-api/cel/)."""
    message: str
    field: str = ""
    """The field that the rule is about, where it is one: `.timeZone`."""
    saying: str = ""
    """CEL that makes the message, where it names something of the object."""

    def written(self) -> dict[str, Any]:
        """Return the rule as a schema has it."""
        parts = {
            "rule": self.cel,
            "message": self.message,
            "messageExpression": self.saying,
            "fieldPath": self.field,
        }
        return {key: value for key, value in parts.items() if value}

    @property
    def sentence(self) -> str:
        """CEL that makes the message, the field at its beginning."""
        field = f"{self.field[1:]}: " if self.field else ""
        if self.saying:
            return f"'{field}' + {self.saying}" if field else self.saying
        return json.dumps(f"{field}{self.message}", ensure_ascii=False)


TOGETHER = frozenset({"EnvVar", "RetryRule", "Task"})
"""
Types of which there are thousands in a large workflow: their rules are sent as one. Looking at one
rule for one element costs the API server about 70 microseconds, whatever the rule says (measured:
0.35 s for 5,000 tasks on 1.36), and each write of the status looks at all of them again. What a
schema can say instead costs next to nothing; what compares lists with each other (the names in
`finally` and in `tasks`) costs seconds, and is left to `headrace.engine.definition.problems`.
"""


def written(name: str, rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Return the rules of a type as a schema has them."""
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
