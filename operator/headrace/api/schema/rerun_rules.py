"""
The checks of the API server on what a run repeats, beyond types and bounds.

Knows CEL rules. Knows no run.
"""

from headrace.api.schema.rule import Rule

_IS_TASK = "has(self.from) && self.from == 'Task'"

RERUN_OF = (
    Rule(
        f"!({_IS_TASK}) || has(self.task)",
        "from Task needs task: name the task to repeat",
        field=".from",
    ),
    Rule(
        f"!has(self.task) || {_IS_TASK}",
        "task needs from Task: set from, or remove task",
        field=".task",
    ),
    Rule(
        "!has(self.downstreamOnly) || !self.downstreamOnly || has(self.task)",
        "downstreamOnly has no meaning without task: name the task, or remove downstreamOnly",
        field=".downstreamOnly",
    ),
)
