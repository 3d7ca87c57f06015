"""
The contract between Headrace and the program of a task, for programs in Python.

Parameters, item, times and names of the task; outputs; log lines; exit codes; SIGTERM. Needs the
standard library alone, and knows nothing of Headrace besides its variables and files.
"""

from task_contract.ends import (
    CheckFailed,
    End,
    TryAgain,
    WrongInput,
    on_stop,
    run,
)
from task_contract.given import Given, Item, given, values_for
from task_contract.lines import debug, error, info, progress, warning
from task_contract.outputs import write_outputs

__all__ = [
    "CheckFailed",
    "End",
    "Given",
    "Item",
    "TryAgain",
    "WrongInput",
    "debug",
    "error",
    "given",
    "info",
    "on_stop",
    "progress",
    "run",
    "values_for",
    "warning",
    "write_outputs",
]
