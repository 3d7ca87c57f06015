"""
The checks of the API server over a task that uses a template.

Knows CEL rules. Knows no resource. CEL does not see the values in `with`, which have no type: the
controller checks them.
"""

from headrace.api.schema.rule import Rule
from headrace.api.v1alpha1.task import PROGRAM

NAMED_TASK = tuple(
    Rule(
        f"!has(self.uses) || !has(self.{name})",
        f"a task with uses runs the template's program; remove {name}",
        field=f".{name}",
    )
    for name in PROGRAM
)
