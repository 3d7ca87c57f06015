"""
What people want of the runs of this process, said by another one: wishes, and answers.

`headrace pause` and the like write into the store. Knows the store and the worlds. Decides nothing.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from headrace.local.item_questions import QuestionsAttempt
from headrace.local.question import QuestionAttempt
from headrace.local.store import Store, UnusableStateError
from headrace.local.world import LocalWorld

LOOK_SECONDS: Final = 0.5
"""How often the store is looked at: one number of SQLite, unless somebody else has written."""


async def hear(own: LocalWorld, store: Store, say: Callable[[str], None]) -> None:
    """
    Pass on what others want, until cancelled.

    Args:
        own: The run of this process. Those that it has called can be asked questions, too.
        store: Its store.
        say: Called with each wish, in words.

    """
    version = None  # somebody may have written after the run was read, and before now
    while True:
        with suppress(UnusableStateError):  # the next write of the run tells it
            newer = store.version_of_others()
            if newer != version:
                version = newer
                pass_on(own, store, say)
        await asyncio.sleep(LOOK_SECONDS)


def pass_on(own: LocalWorld, store: Store, say: Callable[[str], None]) -> None:
    """Pass on what others want of a run, and of those that it has called, as the store has it."""
    wanted = store.run(own.run.key.name).desired
    if wanted is not own.run.desired:
        say(f"somebody wants: {wanted}")
        own.desire(wanted)
    for world in own.calls.worlds:
        for record in store.attempts(world.run.key.name):
            attempt = world.attempts.get((record.task, record.number))
            if isinstance(attempt, QuestionsAttempt) and record.each is not None:
                attempt.take(record.each.questions)
            elif isinstance(attempt, QuestionAttempt) and record.answer is not None:
                attempt.answer(record.answer)
