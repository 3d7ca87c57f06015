"""
The work of a task. A new kind of work is a class here, and a carrier in each world.

Knows the API types. Does not know how a world carries work out.
"""

from dataclasses import dataclass

from headrace.api.v1alpha1.task import TaskBody


@dataclass(frozen=True, slots=True)
class Container:
    """A program in a container: a Job on a cluster, a process on a laptop."""

    body: TaskBody


Work = Container
"""The kinds of work."""
