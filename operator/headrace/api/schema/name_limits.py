"""
The longest names of objects: names become parts of other names, and labels' values.

Knows the kinds. The API server and `headrace.api.reading.parse` use it, with the same words.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.schema.rule import Rule

MAX_NAME = {"Workflow": 52, "WorkflowRun": 63, "TaskRun": 63, "Pool": 63, "Backfill": 63}
"""How many characters a name may have. A run's name is its workflow's name and 11 characters more,
and is the value of a label. The name of a TaskRun in a run is derived, and is no label's value. So
is the name of an Approval, which only the controller chooses."""

NAME_TOO_LONG = {
    "Workflow": "a Workflow's name has at most 52 characters: its runs add 11 to it; shorten it",
    "WorkflowRun": "a WorkflowRun's name has at most 63 characters, as a label's value; shorten it",
    "TaskRun": "the name of a TaskRun on its own has at most 63 characters, as a label's value;"
    " shorten it",
    "Pool": "a Pool's name has at most 63 characters, as a label's value; shorten it",
    "Backfill": "a Backfill's name has at most 63 characters, as a label's value; shorten it",
}

_UNLESS_DERIVED = {"TaskRun": " || has(self.spec.run)"}

NAME_RULES = {
    kind: Rule(
        f"self.metadata.name.size() <= {MAX_NAME[kind]}{_UNLESS_DERIVED.get(kind, '')}",
        f"metadata.name: {message}",
    )
    for kind, message in NAME_TOO_LONG.items()
}


def name_problem(kind: str, name: str, spec: Mapping[str, Any]) -> str | None:
    """Return the problem of an object's name, if it is too long."""
    derived = kind == "TaskRun" and "run" in spec
    return None if derived or len(name) <= MAX_NAME[kind] else NAME_TOO_LONG[kind]
