"""
What a kind of work needs of a cluster.

Knows TaskRuns, attempts and how they are shown. Knows no kind of work.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from headrace.cluster.belonging import Place
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import ObservedTask, Obstacle, Sighting
from headrace.manifests.kube import OwnObject

Draw = Callable[[OwnObject], ObservedTask]
"""Puts together how a TaskRun stands, from what is cached now."""


class Carrier(Protocol):
    """Makes, shows and ends the attempts of one kind of work."""

    async def make(self, start: StartAttempt, item: OwnObject) -> Obstacle | None:
        """
        Make what stands for an attempt, if it is not there yet. Twice is the same as once.

        Args:
            start: The attempt.
            item: The TaskRun of its task.

        Returns:
            Why it cannot be done now or ever; None if it is done.

        Raises:
            ApiError: The API server refused; the caller says what that means.

        """

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """
        Show the attempts of a TaskRun, in any order, from what is cached.

        Args:
            item: The TaskRun.
            logged: How many attempts are in its log.

        """

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """
        Ask the API server where the cache's silence about a TaskRun would have consequences.

        Args:
            item: The TaskRun.
            seen: How it stands by the caches.
            draw: Puts that together anew.

        Returns:
            How it stands for sure.

        """

    async def end(self, place: Place, task_run_uid: str, number: int) -> None:
        """End an attempt, if there is one of this kind and anything of it is left."""
