"""Texts under constants: `headrace.api.schema.docstrings`."""

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


def test_members_have_their_text_and_heading() -> None:
    """The text is on one line; a member without one has none."""
    assert [
        Documented("APPLE", "It is round.", "from trees"),
        Documented("PEAR", "", "from trees"),
        Documented("BERRY", "It is small.", "from bushes"),
    ] == list(documented(Fruit))


def test_constants_of_a_module_have_their_text() -> None:
    """Labels are constants of a module."""
    assert isinstance(labels, ModuleType)
    texts = {each.name: each.text for each in documented(labels)}
    assert texts["TASK"] == "Label on TaskRuns, Jobs and pods: the task's name."
