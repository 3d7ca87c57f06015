"""No mistake is told twice: `headrace validate` over objects that are almost right."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from typing import Any

import pytest

from headrace.api.reading.problem import Problem
from headrace.cli.check import check
from headrace.cli.compose import compose
from headrace.cli.input import YamlError
from support.broken import broken
from support.mutants import ODD_VALUES, mutants, places, replaced
from support.written import Manifest, rich

RICH = pytest.mark.parametrize(
    "manifest", rich(), ids=lambda manifest: manifest["metadata"]["name"]
)
EVERY = 7
"""Of the thousands of odd objects, one in so many is looked at."""

PAIRS = 500
"""How many objects with two odd values are looked at."""

SEVERAL = re.compile(r"spec\.params|spec\.tasks")
"""Where several mistakes have one place: each double parameter, each circle of tasks."""


def doubles(manifest: Any) -> list[str]:
    """Return what is told twice of an object: the same words, or one place with two complaints."""
    problems = [problem for checked in check(manifest) for problem in checked.problems]
    return [*_same_place(problems), *_said_again_within(problems)]


def _same_place(problems: list[Problem]) -> Iterator[str]:
    for path, count in Counter(problem.path for problem in problems).items():
        words = [problem.message for problem in problems if problem.path == path]
        if count > 1 and not (SEVERAL.fullmatch(path) and len(set(words)) == count):
            yield f"{path}: {words}"


def _said_again_within(problems: list[Problem]) -> Iterator[str]:
    """Yield what is told of a field and, in the same words, of the object that holds it."""
    for outer in problems:
        for inner in problems:
            if inner.path.startswith(f"{outer.path}.") and inner.message == outer.message:
                yield f"{outer} / {inner}"


@RICH
def test_one_odd_value_is_told_once(manifest: Manifest) -> None:
    """At each place of the spec, values of each kind."""
    for steps, mutant in islice(mutants(manifest), 0, None, EVERY):
        assert [] == doubles(mutant), steps


@RICH
def test_an_odd_value_beside_the_spec_is_told_once(manifest: Manifest) -> None:
    """Name, labels and the rest of the metadata, and what says which kind it is."""
    for field in ("name", "generateName", "namespace", "labels", "annotations"):
        for value in (*ODD_VALUES, False):
            mutant: Any = deepcopy(manifest)
            mutant["metadata"][field] = value
            assert [] == doubles(mutant), (field, value)
            mutant["metadata"] = {field: value}
            assert [] == doubles(mutant), (field, value, "alone")
    for field in ("apiVersion", "kind", "metadata", "spec"):
        for value in (*ODD_VALUES, False):
            assert [] == doubles({**manifest, field: value}), (field, value)


@RICH
def test_two_odd_values_are_told_once_each(manifest: Manifest) -> None:
    """Also where one of them hides, or makes up, another mistake."""
    chance = random.Random(9)  # noqa: S311 - the same each time
    for _ in range(PAIRS):
        both = manifest
        for _ in range(2):
            place = chance.choice(list(places(both["spec"], ("spec",))))
            both = replaced(both, place, chance.choice(ODD_VALUES))
            if not isinstance(both["spec"], dict):
                break
        assert [] == doubles(both), both


@RICH
def test_an_element_that_is_there_twice_is_told_once(manifest: Manifest) -> None:
    """Each list in which names must differ, with its first element again."""
    for place in places(manifest["spec"], ("spec",)):
        elements: Any = manifest
        for step in place:
            elements = elements[step]
        if isinstance(elements, list) and elements:
            twice = replaced(manifest, place, [*elements, elements[0]])
            assert [] == doubles(twice), place


@pytest.mark.parametrize("manifest", broken(), ids=lambda manifest: manifest.id)
def test_a_broken_manifest_is_told_once(manifest: Any) -> None:
    """The manifests of tests/broken, each of one mistake."""
    try:
        documents = list(compose(manifest.path.read_bytes()))
    except YamlError:
        return  # it cannot be read, and the reader says one thing only
    for document in documents:
        assert [] == doubles(document.value)
