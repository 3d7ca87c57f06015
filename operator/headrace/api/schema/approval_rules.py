"""
The checks of the API server on an Approval: a question never changes, and has one answer.

Knows which fields a question has. Knows no person.
"""

from headrace.api.schema.rule import Rule

ASKED = ("message", "choices", "failOn", "approvers", "onTimeout", "item", "deadline")
"""Optional fields of an Approval's spec that cannot be changed: all but the answer."""

APPROVAL_SPEC = (
    Rule(
        " && ".join(f"self.{name} == oldSelf.{name}" for name in ("run", "task", "attempt"))
        + "".join(
            f" && has(self.{name}) == has(oldSelf.{name})"
            f" && (!has(self.{name}) || self.{name} == oldSelf.{name})"
            for name in ASKED
        ),
        "a question never changes; only answer can be set",
    ),
    Rule(
        "!has(oldSelf.answer) || has(self.answer) && self.answer == oldSelf.answer",
        "the question has its answer, which never changes",
        field=".answer",
    ),
    Rule(
        "has(oldSelf.answer) || !has(self.answer)"
        " || has(self.choices) && self.answer.choice in self.choices",
        "is none of the choices",
        field=".answer.choice",
        saying="self.answer.choice + ' is none of the choices; choose one of '"
        " + self.choices.join(', ')",
    ),
)
