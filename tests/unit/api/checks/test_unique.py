"""Lists whose elements are told apart: `headrace.api.checks.unique`."""

from typing import Annotated

import pytest
from pydantic import ValidationError

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import ApiType


class Port(ApiType):
    """An element with a key."""

    port_number: int


class Lists(ApiType):
    """A list of each kind."""

    ports: Annotated[tuple[Port, ...], Unique("port_number")] = ()
    words: Annotated[tuple[str, ...], Unique()] = ()
    names: Annotated[tuple[str, ...], Unique(checked=False)] = ()


def test_two_of_the_same_are_refused() -> None:
    """The element that comes second is at fault, by its key or by itself."""
    twice = {"ports": [{"portNumber": 1}, {"portNumber": 1}], "words": ["a", "b", "a"]}
    with pytest.raises(ValidationError) as caught:
        Lists.model_validate(twice)
    told = [(each["ctx"]["within"], each["msg"]) for each in caught.value.errors()]
    assert [
        ("[1].portNumber", "'1' is listed twice; keep one"),
        ("[2]", "'a' is listed twice; keep one"),
    ] == told


def test_different_ones_are_kept_in_order() -> None:
    """A list without doubles is left as it is."""
    assert ("b", "a") == Lists(words=("b", "a")).words


def test_an_unchecked_list_is_somebody_elses() -> None:
    """The engine looks for doubles itself where it sees several lists."""
    assert ("a", "a") == Lists(names=("a", "a")).names


def test_the_api_server_is_told() -> None:
    """It checks all three, and merges them by element."""
    lists = Lists.model_json_schema(by_alias=True)["properties"]
    told = {name: each["x-kubernetes-list-type"] for name, each in lists.items()}
    assert {"ports": "map", "words": "set", "names": "set"} == told
    assert ["portNumber"] == lists["ports"]["x-kubernetes-list-map-keys"]
