"""
A workflow whose programs print the bytes that they were started with, in either world.

Knows Linux: a program's own arguments and variables are in /proc.
"""

import base64
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from support.hostile_text import hostile_texts

PRINTS: Final = "for what in cmdline environ; do base64 -w 0 < /proc/$$/$what; echo; done"
SECRET: Final = "$(X) $$ ${{ run.name }} $(SECRET) 'é' \"\\"  # noqa: S105 - it opens nothing
TEXT: Final = (
    "$(X) $$(SECRET) $$ ${{ run.name }} $(HEADRACE_RUN) `id` '\" \\ é \U0001f600\nsecond line"
)
"""The value of a parameter. An expression puts it into X."""
FOREIGN: Final = {"FROM_MAP": "of a ConfigMap"}
"""What `envFrom` gives, where there is a cluster. No argument reads it."""

_ARGUMENTS: Final = hostile_texts(1000)
_VALUES: Final = hostile_texts(1000, seed=1, expressions=False)
_OF_A_TASK: Final = 180
_PLAIN: Final = (
    "$(X)|$(SECRET)|$(a.b-c)|$(EMPTY)|$(HOME)",
    "$(MISSING) $(FROM_MAP) $(HEADRACE_RUN) $(HEADRACE_PARAMS) $(date) $$ $X $$(X)",
    "",
)


@dataclass(frozen=True, slots=True)
class Started:
    """What a program was started with."""

    arguments: tuple[bytes, ...]
    """Without the name of the program: on a laptop it is a path."""
    variables: dict[str, bytes]
    """Those that the task's author has chosen, and the parameters."""


def manifest_fields() -> dict[str, Any]:
    """Return the tasks and the parameters of the workflow."""
    starts = range(0, len(_ARGUMENTS), _OF_A_TASK)
    parts = [slice(start, start + _OF_A_TASK) for start in starts]
    return {
        "params": [{"name": "text", "default": TEXT}],
        "tasks": [_task(at, _ARGUMENTS[part], _VALUES[part]) for at, part in enumerate(parts)],
    }


def _task(at: int, arguments: list[str], values: list[str]) -> dict[str, Any]:
    key = {"name": "login", "key": "password"}
    env = [
        {"name": "X", "value": "${{ params.text }}"},
        {"name": "a.b-c", "value": "$(X)$(SECRET)$$"},
        {"name": "EMPTY", "value": ""},
        {"name": "HOME", "value": "/tmp/$(X)"},  # noqa: S108 - never opened
        {"name": "SECRET", "valueFrom": {"secretKeyRef": key}},
        {"name": "MISSING", "valueFrom": {"secretKeyRef": {**key, "key": "no", "optional": True}}},
        *({"name": f"V{number}", "value": value} for number, value in enumerate(values)),
    ]
    return {
        "name": f"t{at}",
        "command": ["sh", "-c", PRINTS, "sh", *arguments[: _OF_A_TASK // 2]],
        "args": [*arguments[_OF_A_TASK // 2 :], *_PLAIN, *(f"$(V{n})" for n in range(20))],
        "env": env,
        "envFrom": [{"configMapRef": {"name": "more", "optional": True}}],
    }


def started(log: str) -> Started:
    """Return what a program printed."""
    arguments, variables = (base64.b64decode(line) for line in log.splitlines())
    pairs = (each.partition(b"=") for each in variables.split(b"\0")[:-1])
    by_name = {name.decode(): value for name, _, value in pairs}
    chosen = {"X", "a.b-c", "EMPTY", "HOME", "SECRET", "MISSING", "HEADRACE_PARAMS"}
    return Started(
        tuple(arguments.split(b"\0")[1:-1]),
        {
            name: value
            for name, value in by_name.items()
            if name in chosen or name.removeprefix("V").isdigit()
        },
    )


def expected(task: dict[str, Any]) -> Started:
    """Return what the program of a task must be started with, in any world."""
    values = {each["name"]: each["value"] for each in task["env"] if "value" in each}
    values |= {"X": TEXT, "SECRET": SECRET}
    words = [by_hand(word, values) for word in (*task["command"][1:], *task["args"])]
    return Started(
        tuple(word.encode() for word in words),
        {name: value.encode() for name, value in values.items()},
    )


def by_hand(text: str, values: dict[str, str]) -> str:
    """Fill values into a text in the plainest way: one look at each place."""
    out, at = "", 0
    while at < len(text):
        end = text.find(")", at)
        if text.startswith("$(", at) and end > at and text[at + 2 : end] in values:
            out += values[text[at + 2 : end]]
            at = end + 1
        else:
            out += text[at]
            at += 1
    return out


def differences(want: Started, got: Started) -> list[tuple[object, object]]:
    """Return what differs, pair by pair: an account of the whole would be too long to read."""
    words = zip_longest(want.arguments, got.arguments)
    names = want.variables.keys() | got.variables.keys()
    variables = ((want.variables.get(name), got.variables.get(name)) for name in names)
    return [pair for pair in (*words, *variables) if pair[0] != pair[1]]
