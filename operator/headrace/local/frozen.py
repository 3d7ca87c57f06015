"""
What may change in a manifest after it was applied: the rules of the API server, for a folder.

Knows fields. Decides nothing about runs.
"""

import json
from collections.abc import Mapping
from typing import Final

MUTABLE: Final[Mapping[str, frozenset[str]]] = {
    "WorkflowRun": frozenset({"desiredState", "callerState"}),
    "TaskRun": frozenset(),
    "Backfill": frozenset({"desiredState", "maxActive", "onFailure", "dryRun"}),
}
"""The fields that may change, by kind."""

_STEPS: Final = {"Run": 0, "Pause": 0, "Stop": 1, "Cancel": 2, "Terminate": 3}
"""A desired state can only become one of the same step or of a later one; later ones are final."""


def change_problem(kind: str, before: str, after: str) -> str | None:
    """Return why a spec, as JSON, cannot become another one; None: it can."""
    old, new = json.loads(before), json.loads(after)
    names = sorted(old.keys() | new.keys())
    fixed = [name for name in names if name not in MUTABLE[kind] and old.get(name) != new.get(name)]
    if fixed:
        may = ", ".join(sorted(MUTABLE[kind]))
        besides = f", besides {may}" if may else ""
        return (
            f"spec.{fixed[0]}: the spec of a {kind} is fixed{besides}; undo the change, or give the"
            " object another name"
        )
    states = (each.get("desiredState") or "Run" for each in (old, new))
    if not may_follow(*states):
        return f"spec.desiredState: {old['desiredState']} is final or can only become stronger"
    return None


def may_follow(before: str, after: str) -> bool:
    """Return whether a desired state can become another one."""
    return before == after or _STEPS[after] > _STEPS[before] or _STEPS[before] == 0
