"""
The interface of a carrier: a kind of work on a cluster.

Knows TaskRuns, attempts and sightings. Knows no kind of work.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from headrace.cluster.belonging import Place
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.obstacles import Obstacle
from headrace.manifests.kube import OwnObject

Draw = Callable[[OwnObject], ObservedTask]
"""Derives the state of a TaskRun from the caches."""


class Carrier(Protocol):
    """Creates, shows and ends the attempts of one kind of work."""

    async def make(self, start: StartAttempt[Any], item: OwnObject) -> Obstacle | None:
        """
        Create the object of an attempt, if it does not exist yet. A repetition changes nothing.

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
        Show the attempts of a TaskRun, in any order, from the caches.

        Args:
            item: The TaskRun.
            logged: The number of attempts in its log.

        """

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """
        Ask the API server if a missing object of a TaskRun would have consequences.

        Args:
            item: The TaskRun.
            seen: Its state in the caches; the task has not ended.
            draw: Derives that state again.

        Returns: Its certain state.

        """

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """End an attempt of this kind, or some items of it, if any object of them is left."""
