"""Texts under constants and fields: `headrace.api.schema.docstrings`."""

from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType

from headrace.api.schema.docstrings import Documented, documented
from headrace.api.v1alpha1 import labels


class Fruit(StrEnum):
    """An enumeration with headings."""

    # --- from trees ---------------------------------------------------------------------------
    APPLE = "Apple"
    """It is
    round."""

    PEAR = "Pear"

    # --- from bushes --------------------------------------------------------------------------
    BERRY = "Berry"
    """It is small."""


@dataclass
class Basket:
    """A type with fields, after a heading that is not its own."""

    fruit: Fruit
    """fruit is what is in it."""

    weight: int = 0

    def grams(self) -> int:
        """Return no text of a field."""
        return 1000 * self.weight


def test_members_have_their_text_and_heading() -> None:
    """The text is on one line; a member without one has none."""
    assert [
        Documented("APPLE", "It is round.", "from trees"),
        Documented("PEAR", "", "from trees"),
        Documented("BERRY", "It is small.", "from bushes"),
    ] == list(documented(Fruit))


def test_fields_have_their_text() -> None:
    """Methods are no fields."""
    assert [
        Documented("fruit", "fruit is what is in it."),
        Documented("weight", ""),
    ] == list(documented(Basket))


def test_a_class_inside_a_function_has_no_texts() -> None:
    """Its source is not at the top of a module."""

    class Hidden:
        fruit: Fruit
        """fruit is not found."""

    assert [] == list(documented(Hidden))


def test_constants_of_a_module_have_their_text() -> None:
    """Labels are constants of a module."""
    assert isinstance(labels, ModuleType)
    texts = {each.name: each.text for each in documented(labels)}
    want = "Label on TaskRuns, Jobs, pods and called WorkflowRuns: the task's name."
    assert texts["TASK"] == want
