"""
The checks of the API server over the items of a task, beyond types and bounds.

Knows CEL rules. Knows no resource.
"""

from headrace.api.schema.rule import Rule

FOR_EACH = (
    Rule(
        # CEL does not see items, which have no type. The controller checks all three.
        "!has(self.range) || !has(self.from)",
        "items, range and from all name the items; give one of them",
    ),
)

ITEM_RANGE = (
    Rule("has(self.to) != has(self.count)", "to and count both end a range; give one of them"),
    Rule(
        "!has(self.to) || self.to >= (has(self.from) ? self.from : 0)"
        " && self.to - (has(self.from) ? self.from : 0) < 10000",
        "a range has 1 to 10000 numbers, and to is the last one; correct from or to",
        field=".to",
    ),
)
