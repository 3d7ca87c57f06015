"""
The runner: a run goes from its current state to its end, turn after turn.

Knows the loop and the signals that end it. The engine decides in each turn.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Final

from headrace.api.v1alpha1.run import CANCELLING, DesiredState
from headrace.engine.run.observed import ObservedRun
from headrace.local.hearing import hear
from headrace.local.signals import handling
from headrace.local.store import Store
from headrace.local.world import LocalWorld

Show = Callable[[ObservedRun, datetime], bool | None]
"""Called after each turn, with the observed run and the time. True: the run waits in vain here."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_GRACEFULLY: Final = (
    "cancelling: running tasks end, then `finally` tasks run; press again to kill all"
)
_AT_ONCE: Final = "killing all tasks now; --resume brings the run to its end"
_FOR_GOOD: Final = "ending the run with its `finally` tasks; nothing is left to resume"


async def run_to_end(
    world: LocalWorld,
    store: Store,
    show: Show,
    say: Callable[[str], None],
    opened: Callable[[], None],
) -> bool:
    """
    Bring a run to its end.

    The first Ctrl-C (or SIGTERM, or SIGHUP) cancels the run; the second kills all tasks. SIGQUIT
    (Ctrl-Backslash at a terminal) is like both. If the run was already being cancelled before
    `--resume`, the first Ctrl-C also ends its `finally` tasks.

    Args:
        world: The world of the run.
        store: Where others may write what they want of it.
        show: Called after each turn.
        say: Called with the effect of a signal, in words.
        opened: Called once, as soon as signals have these effects.

    Returns:
        Whether the run has ended; False if it was interrupted or left, and can be resumed.

    """
    stop = _Stop(world, say)
    with stop.listening():
        hearing = asyncio.create_task(hear(world, store, say))
        try:
            opened()
            in_vain = False
            while not world.over and not stop.broken_off:
                look = await world.calls.turn(datetime.now(UTC))
                before, in_vain = in_vain, bool(show(world.snapshot(), datetime.now(UTC)))
                if in_vain and before:
                    break
                # A run that waits in vain has one turn more: what it waits for goes on record.
                if not world.over and not in_vain:
                    await world.change(until=look)
        finally:
            hearing.cancel()
            stop.clearing = True
            await world.clear()
    return world.over


class _Stop:
    """The effects of signals: the first one ends the run, the second one kills all tasks."""

    def __init__(self, world: LocalWorld, say: Callable[[str], None]) -> None:
        self.broken_off = False
        self.clearing = False
        """All tasks are being killed already."""
        self._world = world
        self._say = say
        self._asked = False
        self._resumed = world.snapshot().desired in CANCELLING
        """Whether the run was being cancelled before this runner started."""

    def listening(self) -> AbstractContextManager[None]:
        """Handle signals meanwhile. A signal that the shell ignores (nohup) stays ignored."""
        taken = (number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN)
        return handling({number: partial(self._on_signal, number) for number in taken})

    def _on_signal(self, number: signal.Signals) -> None:
        if self.clearing or self.broken_off:
            return
        at_once = self._asked or number is signal.SIGQUIT
        gently = _FOR_GOOD if self._resumed else _GRACEFULLY
        self._say(_AT_ONCE if at_once else gently)
        if not self._asked and not (self._resumed and at_once):
            wanted = DesiredState.TERMINATE if self._resumed else DesiredState.CANCEL
            self._world.desire(wanted)
        self._asked = True
        if at_once:
            self.broken_off = True
            self._world.kill()
