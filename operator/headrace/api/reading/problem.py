"""The problems of an object that somebody wrote. Knows no field and no check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its field, its message, and the cure."""

    path: str
    """The field, from the top of the object: `spec.tasks[2].retry.limit`."""
    message: str
    """The problem and the cure."""

    def __str__(self) -> str:
        """Field and cure on one line."""
        return f"{self.path}: {self.message}"


class InvalidObjectError(ValueError):
    """The object does not fit its type. `problems` has each wrong field, with the cure."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
