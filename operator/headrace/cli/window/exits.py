"""The exit codes of commands over running things, and the errors that lead to them."""

from collections.abc import Iterable
from typing import Final

DONE: Final = 0
RUN_FAILED: Final = 1
WRONG_INPUT: Final = 2
NO_SUCH_OBJECT: Final = 3
REFUSED: Final = 4
NO_CLUSTER: Final = 5

EPILOG: Final = (
    "Exit codes: 0 done, 1 the run failed or was ended (only where a command waits for it), 2 the"
    " command line is wrong, 3 there is no such object, 4 the API server refused, 5 no cluster can"
    " be asked."
)
"""The last lines of each command's help."""


LISTS: Final = {
    "Workflow": "workflows",
    "Approval": "approvals",
    "Pool": "pools",
    "Backfill": "backfills",
}
"""What `headrace list` calls a kind; of any other, it lists the runs."""


class WindowError(Exception):
    """A command cannot do its work. The text is one sentence for people."""

    code = WRONG_INPUT


class MissingError(WindowError):
    """There is no such object."""

    code = NO_SUCH_OBJECT


class NotAllowedError(WindowError):
    """The API server refused a request."""

    code = REFUSED


class NoRightError(NotAllowedError):
    """Somebody lacks a right."""


class TakenError(NotAllowedError):
    """The name of a new object is taken."""


class NotThereError(WindowError):
    """No cluster, and no folder of state, can be asked."""

    code = NO_CLUSTER


def no_such(kind: str, name: str, where: str, known: Iterable[str]) -> MissingError:
    """Return the error of a wrong name, which names the nearest one."""
    from headrace.api.checks.similar import did_you_mean  # noqa: PLC0415 - only for mistakes

    what = LISTS.get(kind)
    listing = f"headrace list {what}" if what else "headrace list"
    cure = did_you_mean(name, known) or f"{listing} shows the names"
    return MissingError(f"there is no {kind} {name!r} in {where}; {cure}")
