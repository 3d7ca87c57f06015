"""JSON that is nested too deep for Python: `headrace.kube.nesting`."""

import json
from typing import Any

import msgspec
import pytest

from headrace.kube.nesting import MOST, decode, shallow
from headrace.kube.objects import Projection
from headrace.kube.wire import Changed, Decoders, read_event, read_page


class Spec(Projection, frozen=True):
    """What somebody wants to see of an object."""

    spec: dict[str, Any] = msgspec.field(default_factory=dict)


DECODERS = Decoders()
SPECS = DECODERS.of(Spec)


def nested(levels: int, inner: str = "1") -> str:
    """Return objects in each other."""
    return '{"a":' * levels + inner + "}" * levels


def named(name: str, spec: str) -> str:
    """Return an object."""
    return f'{{"metadata": {{"name": "{name}"}}, "spec": {spec}}}'


@pytest.mark.parametrize("levels", [3_000, 9_990])
def test_one_deep_object_hides_no_others(levels: int) -> None:
    """The API server takes 10,000 levels; the list that holds such an object is still read."""
    items = ", ".join([named("deep", nested(levels)), named("other", '{"b": 2}')])
    page = read_page(f'{{"metadata": {{}}, "items": [{items}]}}'.encode(), SPECS)
    assert ["deep", "other"] == [found.metadata.name for found in page.objects]
    assert {"b": 2} == page.objects[1].spec


def test_a_deep_object_is_news_like_any_other() -> None:
    """A watch goes on behind it."""
    line = f'{{"type": "ADDED", "object": {named("deep", nested(3_000))}}}'
    news = read_event(line.encode(), DECODERS.of_events(Spec))
    assert isinstance(news, Changed)
    assert "deep" == news.object.metadata.name


def test_what_is_not_too_deep_stays_as_it_is() -> None:
    """Brackets in text are no levels, and what stands behind a deep value is kept."""
    text = json.dumps({"a": '[{"\\"[[[', "b": [1, {"c": []}], "d": {}})
    assert text.encode() == shallow(text.encode())
    cut = shallow(f'{{"a": {nested(MOST + 5)}, "b": [2]}}'.encode())
    assert f'{{"a": {nested(MOST - 1, "null")}, "b": [2]}}'.encode() == cut


def test_brackets_without_end_are_no_json() -> None:
    """They are told like any other garbage."""
    with pytest.raises(msgspec.DecodeError):
        decode(SPECS, b'{"spec": ' + b"[" * 100_000)
