"""What two definitions have otherwise: `headrace.views.differences`."""

from typing import Any

import pytest

from headrace.views.differences import differences

CASES: dict[str, tuple[Any, Any, list[tuple[str, str, str, str]]]] = {
    "nothing": ({"a": [1]}, {"a": [1]}, []),
    "a field of a task": (
        {"tasks": [{"name": "load", "retry": {"limit": 1}}]},
        {"tasks": [{"name": "load", "retry": {"limit": 3}}]},
        [("tasks[load].retry.limit", "1", "3", "changed")],
    ),
    "a task more and a task less": (
        {"tasks": [{"name": "a"}]},
        {"tasks": [{"name": "b"}]},
        [
            ("tasks[a]", '{\n  "name": "a"\n}', "", "removed"),
            ("tasks[b]", "", '{\n  "name": "b"\n}', "added"),
        ],
    ),
    "the order of tasks": (
        {"tasks": [{"name": "a"}, {"name": "b"}]},
        {"tasks": [{"name": "b"}, {"name": "a"}]},
        [("tasks", "a, b", "b, a", "moved")],
    ),
    "a list of texts": (
        {"command": ["sh", "-c", "x"]},
        {"command": ["sh", "-c", "y"]},
        [
            (
                "command",
                '[\n  "sh",\n  "-c",\n  "x"\n]',
                '[\n  "sh",\n  "-c",\n  "y"\n]',
                "changed",
            )
        ],
    ),
    "true is not 1": ({"on": True}, {"on": 1}, [("on", "true", "1", "changed")]),
    "an empty text that was not there": ({}, {"a": ""}, [("a", "", "", "added")]),
    "a definition that is lost": (None, {"a": "b"}, [("", "null", '{\n  "a": "b"\n}', "changed")]),
    "members with the same name": (
        {"a": [{"name": "x"}, {"name": "x"}]},
        {"a": [{"name": "x"}]},
        [
            (
                "a",
                '[\n  {\n    "name": "x"\n  },\n  {\n    "name": "x"\n  }\n]',
                '[\n  {\n    "name": "x"\n  }\n]',
                "changed",
            )
        ],
    ),
    "the first task": (
        {"finally": []},
        {"finally": [{"name": "t"}]},
        [("finally[t]", "", '{\n  "name": "t"\n}', "added")],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_each_field_that_differs_is_named(
    before: Any, after: Any, expected: list[tuple[str, str, str, str]]
) -> None:
    """With its path, both values, and what has happened to it."""
    assert expected == [
        (each.field, each.before, each.after, each.change) for each in differences(before, after)
    ]
