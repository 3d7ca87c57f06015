"""
How a program ends: its exit code, and one sentence that says what to do.

Knows the exit codes of the contract. Knows no parameter.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from task_contract.lines import error, info

OK = 0
FAILED = 1
WRONG_INPUT = 2
CHECK_FAILED = 3
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
STOPPED = 128 + signal.SIGTERM


class End(Exception):  # noqa: N818 - it is an end, and not always an error
    """The program ends with an exit code, and a sentence for people."""

    code = FAILED


class WrongInput(End):
    """A parameter, a secret or a name is wrong: no further attempt can cure that."""

    code = WRONG_INPUT


class CheckFailed(End):
    """The work is done, and what was found is not as it must be."""

    code = CHECK_FAILED


class TryAgain(End):
    """It did not work this time; later it may: a server is down, a quota is used up."""

    code = TRY_AGAIN


class _Stopped(BaseException):
    """SIGTERM came. No `except Exception` catches it."""


def run(main: Callable[[], None]) -> NoReturn:
    """
    Run a program to its end, and exit with its code.

    An `End` exits with its own code. Any other exception is a failure, with its traceback on
    standard error. On SIGTERM, `finally` blocks run, and the code is 143, as of any program that
    the signal ends.
    """
    signal.signal(signal.SIGTERM, _stop)
    try:
        main()
    except End as end:
        error(str(end), exitCode=end.code)
        sys.exit(end.code)
    except _Stopped:
        info("stopped by SIGTERM", exitCode=STOPPED)
        sys.exit(STOPPED)
    sys.exit(OK)


def on_stop(action: Callable[[], None]) -> None:
    """Call something at SIGTERM, before the program is stopped: cancel a query, for example."""
    _actions.append(action)


_actions: list[Callable[[], None]] = []


def _stop(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # Once is enough; SIGKILL comes after the grace.
    for action in _actions:
        with suppress(Exception):  # The program stops, whatever becomes of them.
            action()
    raise _Stopped
