"""
A workflow through which a thousand hostile texts travel: items, outputs, expressions, arguments.

Each item holds some of the texts, and its program gives them back as outputs. Tasks behind it get
each text by an expression in a variable, and by `$(NAME)` as an argument.
"""

from typing import Any, Final

from support.hostile_text import hostile_texts
from support.program_bytes import PRINTS, started

TEXTS: Final = hostile_texts(1000, seed=2)
_OF_AN_ITEM: Final = 40
"""Their JSON has room in the outputs of a program."""
_OF_A_TASK: Final = 200

READERS: Final = tuple(f"t{start}" for start in range(0, len(TEXTS), _OF_A_TASK))
"""The tasks that print what reaches them."""


def tasks() -> list[dict[str, Any]]:
    """Return the tasks of the workflow."""
    starts = range(0, len(TEXTS), _OF_AN_ITEM)
    items = [{"texts": TEXTS[start : start + _OF_AN_ITEM]} for start in starts]
    back = ["sh", "-c", 'cat "$HEADRACE_ITEM_FILE" > "$HEADRACE_OUTPUTS"']
    each = {"name": "each", "command": back, "forEach": {"items": items}}
    return [each, *(_reader(name, int(name[1:])) for name in READERS)]


def lost(reader: str, log: str) -> list[tuple[bytes, bytes, bytes]]:
    """Return what did not reach a task: the text, what its argument is, and its variable."""
    start, got = int(reader[1:]), started(log)
    texts = [text.encode() for text in TEXTS[start : start + _OF_A_TASK]]
    words, values = got.arguments[-len(texts) :], got.variables
    shown = [(words[n], values[f"V{n}"]) for n in range(len(texts))]
    return [(text, *pair) for text, pair in zip(texts, shown, strict=True) if pair != (text, text)]


def _reader(name: str, start: int) -> dict[str, Any]:
    places = [divmod(at, _OF_AN_ITEM) for at in range(start, start + _OF_A_TASK)]
    env = [
        {"name": f"V{n}", "value": f"${{{{ tasks.each.outputs.items[{item}].texts[{place}] }}}}"}
        for n, (item, place) in enumerate(places)
    ]
    words = [f"$(V{n})" for n in range(_OF_A_TASK)]
    command = ["sh", "-c", PRINTS, "sh", *words]
    return {"name": name, "dependsOn": ["each"], "command": command, "env": env}
