"""
The log in a WorkflowRun's status, also if somebody garbled the status.

Knows what cannot be replaced. Decides nothing.
"""

from headrace.engine.run.observed import RunLog
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_status import read_run_status, read_what_is_left


def run_log(item: OwnObject) -> RunLog:
    """Return the log in a WorkflowRun's status, or the readable part of it."""
    try:
        return read_run_status(item.status)
    except ValueError:
        return read_what_is_left(item.status)
