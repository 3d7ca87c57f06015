"""YAML to plain values with lines: `headrace.cli.compose`."""

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.reading.paths import MAX_DEPTH, path_of
from headrace.cli.compose import MAX_VALUES, Document, compose
from headrace.cli.input import YamlError

VALUES = [
    pytest.param("a: [1, x, {b: null}]", {"a": [1, "x", {"b": None}]}, id="flow"),
    pytest.param("a:\n  - b: '1'\n    c: \"no\"\n", {"a": [{"b": "1", "c": "no"}]}, id="quotes"),
    pytest.param(
        "a: |\n  one\n  two\nb: >-\n  x\n  y\n", {"a": "one\ntwo\n", "b": "x y"}, id="text"
    ),
    pytest.param("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}, id="an alias"),
    pytest.param(
        "a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}, id="<<"
    ),
    pytest.param(
        "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y], f: 4}",
        {"a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": {"b": 1, "d": 3, "f": 4}},
        id="<< of two: the first wins",
    ),
    pytest.param("a: &x {b: 1}\nc: {<<: *x, b: 2}", {"a": {"b": 1}, "c": {"b": 2}}, id="<< below"),
    pytest.param("on: 1\n1: 2\n", {"true": 1, "1": 2}, id="keys that are no text"),
    pytest.param("a: !!str 1\nb: !!int '2'\nc: ! 3", {"a": "1", "b": 2, "c": "3"}, id="tags"),
    pytest.param('{"a":\t[1,\n\t2]}', {"a": [1, 2]}, id="JSON with tabs"),
    pytest.param("\ufeffa: é", {"a": "é"}, id="a byte order mark"),
]


def one(text: str) -> Document:
    """Return the only document of a text."""
    (document,) = compose(text.encode())
    return document


@pytest.mark.parametrize(("text", "want"), VALUES)
def test_a_text_becomes_plain_values(text: str, want: Any) -> None:
    """What kubectl sends to the API server is what is checked."""
    assert want == one(text).value


REFUSED = [
    pytest.param(
        "a: 1\nb: 2\na: 3\n",
        3,
        "the key 'a' is here twice, first in line 1",
        id="a key that is there twice",
    ),
    pytest.param(
        "true: 1\non: 3\n",
        2,
        "the key 'true' is here twice",
        id="a key that is there twice, written in two ways",
    ),
    pytest.param("a:\n\tb: 1\n", 2, "begins with a tab; indent YAML with spaces", id="tab"),
    pytest.param("a: [1\nb: 2\n", 2, "this is no YAML", id="bracket"),
    pytest.param("a: 'x\n", 2, "this is no YAML", id="quote"),
    pytest.param("a: *b\n", 1, "there is no &b before this *b", id="unknown alias"),
    pytest.param("a: &a [*a]\n", 1, "there is no &a before this *a", id="alias of itself"),
    pytest.param("a: !python x\n", 1, "reads !python as a tag", id="tag"),
    pytest.param("a: !!binary eA==\n", 1, "has no meaning here; put it in quotes", id="binary"),
    pytest.param(
        "a: !!int x\n",
        1,
        "has no meaning here; put it in quotes",
        id="tag that does not fit",
    ),
    pytest.param("a: !!set {x}\n", 1, "has no meaning here; put it in quotes", id="set"),
    pytest.param("a:\n  .nan\n", 2, ".nan is no number that an object can hold", id="nan"),
    pytest.param("? [a]\n: b\n", 1, "a field's name must be text", id="key that is a list"),
    pytest.param("~: b\n", 1, "a field's name must be text", id="key that is nothing"),
    pytest.param(
        "a: {<<: 1}\n", 1, "<< needs an object or a list of objects", id="merge of a number"
    ),
    pytest.param("a: é\n\nb: \x01\n", 3, "YAML cannot hold this text", id="control character"),
    pytest.param("[" * 100 + "]" * 100, 1, f"more than {MAX_DEPTH} levels deep", id="depth"),
]


@pytest.mark.parametrize(("text", "line", "message"), REFUSED)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, message: str) -> None:
    """The line is where the cure is to be applied."""
    with pytest.raises(YamlError) as caught:
        list(compose(text.encode()))
    assert (line, True) == (caught.value.line, message in str(caught.value)), caught.value


def test_bytes_that_are_no_text_are_told() -> None:
    """A picture is no manifest, and Latin-1 no UTF-8: the line is that of the first such byte."""
    with pytest.raises(YamlError, match="the byte 0x89 is no UTF-8; save the file as UTF-8"):
        list(compose(b"\x89PNG\r\n\x1a\n\xff\xfe"))
    with pytest.raises(YamlError, match="the byte 0xe9 is no UTF-8") as caught:
        list(compose("a: b\nc: d\ne: café\n".encode("latin-1")))
    assert 3 == caught.value.line


def test_aliases_cannot_grow_without_end() -> None:
    """Ten levels of ten aliases stand for ten thousand million values, and are refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(YamlError, match=f"more than {MAX_VALUES} values") as caught:
        list(compose("\n".join(lines).encode()))
    assert 6 == caught.value.line


def test_documents_come_one_by_one_with_their_lines() -> None:
    """Empty documents are left out; what is before a mistake is still read."""
    text = b"---\n# nothing\n---\na: 1\n---\n\nb: 2\n---\nc: [\n"
    documents = compose(text)
    first, second = next(documents), next(documents)
    assert [({"a": 1}, 4), ({"b": 2}, 7)] == [(each.value, each.line) for each in (first, second)]
    with pytest.raises(YamlError):
        next(documents)


LINES = """\
kind: Workflow
spec:
  tasks:
    - name: a
      retry:
        limit: 3
    - name: b
      dependsOn: [a,
        b]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("kind", 1),
        ("spec.tasks", 3),
        ("spec.tasks[0]", 4),
        ("spec.tasks[0].retry.limit", 6),
        ("spec.tasks[1].dependsOn[1]", 9),
        ("spec.tasks[1].image", 7),
        ("spec.tasks[0].retry.rules[0].action", 5),
        ("metadata.name", 1),
        ("", 1),
    ],
)
def test_a_field_has_its_line(path: str, line: int) -> None:
    """A field that is not there has the line of what it is missing in."""
    assert line == one(LINES).line_of(path)


def test_surprising_words_are_remembered() -> None:
    """A message about such a field can say how YAML reads it."""
    document = one("a: no\nb: 'no'\nc: {on: 010}\nd: 12\n")
    assert [
        "YAML reads no as false",
        None,
        "YAML reads 010 as 8",
        None,
        None,
    ] == [document.reading_of(path) for path in ("a", "b", "c.true", "d", "e.f")]


@pytest.mark.parametrize("word", ["9" * 5000, "0x" + "f" * 5000, "0b" + "1" * 5000, "0" * 5000])
def test_numbers_without_end_are_read_or_are_text(word: str) -> None:
    """Go reads no number there either, or a rounded one."""
    assert isinstance(one(f"a: {word}").value["a"], str | int | float)


AS_JSON = [
    pytest.param(r'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}, id="two halves of a character"),
    pytest.param(r'{"a": "\ud83d"}', {"a": "\ufffd"}, id="half a character"),
    pytest.param(
        '{"a": "x \u2028 \u2029 y"}', {"a": "x \u2028 \u2029 y"}, id="U+2028 ends no line"
    ),
    pytest.param(r'{"a\/b": "\u0041\n"}', {"a/b": "A\n"}, id="escapes"),
    pytest.param('{"<<": {"a": "no"}}', {"<<": {"a": "no"}}, id="no merge"),
    pytest.param('{"a": {}, "b": []}', {"a": {}, "b": []}, id="empty"),
    pytest.param('{"a": -1.5e3, "b": [true, false, null, 0]}', None, id="words"),
]


@pytest.mark.parametrize(("text", "want"), AS_JSON)
def test_json_is_read_as_json(text: str, want: Any) -> None:
    """YAML 1.1 would refuse some of it and change some of it."""
    assert (want or json.loads(text)) == one(text).value


def test_json_has_lines_and_several_objects() -> None:
    """Kubectl takes one object after the other; each field has its line."""
    first, second = compose(b' {"a":\n 1}\n\n{\n"b": {\n"c d": [1,\n2]}}\n')
    assert ({"a": 1}, 1, 1) == (first.value, first.line, first.line_of("a"))
    assert ({"b": {"c d": [1, 2]}}, 4) == (second.value, second.line)
    assert [6, 7] == [second.line_of(path) for path in ('b["c d"]', 'b["c d"][1]')]
    with pytest.raises(YamlError, match="the key 'a' is here twice"):
        one('{"a": 1, "a": 2}')


def test_a_number_that_json_cannot_hold_is_told() -> None:
    """Kubectl refuses it too."""
    with pytest.raises(YamlError, match="is no number that an object can hold"):
        one('{"a": 1e400}')


def test_long_names_take_no_memory_for_each_value_below_them() -> None:
    """A name of half a megabyte with many values below it once took a gigabyte."""
    name = "k" * 500_000
    tracemalloc.start()
    document = one(json.dumps({name: [1] * 20_000}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000
    assert 1 == document.line_of(path_of((name, 3)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_written_is_read_back(value: dict[str, Any]) -> None:
    """Any object survives the way through YAML: both kinds of quotes, both styles, with tags."""
    documents = (
        yaml.safe_dump(value, default_style='"'),
        yaml.safe_dump(value, default_style="'", default_flow_style=True),
    )
    for text in (*documents, json.dumps(value), json.dumps(value, ensure_ascii=False)):
        (found,) = compose(text.encode())
        assert value == found.value


@given(st.binary(max_size=200))
def test_no_bytes_end_in_another_error(text: bytes) -> None:
    """Whatever is in a file, it is read or refused."""
    with suppress(YamlError):
        list(compose(text))
