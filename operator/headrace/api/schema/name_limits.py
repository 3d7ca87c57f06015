"""
The names that objects can have: names become parts of other names, and labels' values.

Knows the kinds. The API server and `headrace.api.reading.parse` use it, with the same words.
"""

from collections.abc import Mapping
from re import fullmatch
from typing import Any, Final

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

TEMPLATES: Final = ("TaskTemplate", "ClusterTaskTemplate")
TEMPLATE_NAME: Final = r"[a-z]([-a-z0-9]{0,62}[a-z0-9])?\.v[1-9][0-9]{0,4}"
"""A name without dots, and the version that tasks name: `http.v1` is `uses: http@v1`."""

NOT_A_VERSION: Final = (
    "a template's name ends with its version, like http.v1, which tasks use as http@v1; add it"
)

_UNLESS_DERIVED = {"TaskRun": " || has(self.spec.run)"}

NAME_RULES = {
    **{
        kind: Rule(
            f"self.metadata.name.matches('^{TEMPLATE_NAME}$')".replace("\\", "\\\\"),
            f"metadata.name: {NOT_A_VERSION}",
        )
        for kind in TEMPLATES
    },
    **{
        kind: Rule(
            f"self.metadata.name.size() <= {MAX_NAME[kind]}{_UNLESS_DERIVED.get(kind, '')}",
            f"metadata.name: {message}",
        )
        for kind, message in NAME_TOO_LONG.items()
    },
}


def name_problem(kind: str, name: str, spec: Mapping[str, Any]) -> str | None:
    """Return the problem of an object's name; None: it can have it."""
    if kind in TEMPLATES:
        return None if not name or fullmatch(TEMPLATE_NAME, name) else NOT_A_VERSION
    derived = kind == "TaskRun" and "run" in spec
    return None if derived or len(name) <= MAX_NAME[kind] else NAME_TOO_LONG[kind]
