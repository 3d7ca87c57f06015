"""
The names in scope: which paths there are, the types of their values, and the cure for others.

Knows fields of `params`, `run` and `tasks`, and the names of a delivery. Does not know syntax.
"""

from collections.abc import Collection, Mapping

from headrace.api.checks.similar import closest
from headrace.engine.definition.expressions.paths import Path
from headrace.engine.definition.expressions.types import Declared, ScopeTypes
from headrace.engine.outcome import Outcome
from headrace.engine.text import listed

RUN: Mapping[str, str] = {
    "name": "STRING",
    "workflow": "STRING",
    "namespace": "STRING",
    "trigger": "STRING",
    "logicalTime": "TIMESTAMP",
    "intervalStart": "TIMESTAMP",
    "intervalEnd": "TIMESTAMP",
}
"""The fields of `run`, with the library's names of their types."""

TASK = ("outcome", "outputs", "items")
"""The fields of a task."""

ITEMS = ("total", "succeeded", "failed")
"""The fields of `items`: how many of a fan-out's items there are."""

KINDS: Mapping[Declared, str] = {
    Declared.STRING: "STRING",
    Declared.INTEGER: "INT",
    Declared.BOOLEAN: "BOOL",
    Declared.NUMBER: "DOUBLE",
    Declared.TIMESTAMP: "TIMESTAMP",
    Declared.JSON: "DYN",
}

FAN_OUT = ("item", "index")

DELIVERY = ("payload", "headers")

WORDS: Mapping[str, str] = {
    "True": "true",
    "False": "false",
    "None": "null",
    **{outcome: f"'{outcome}', in quotes" for outcome in Outcome},
}
"""What is written for values that are no names."""

COMPARABLE = 1000
"""The most names among which a similar one is searched: each name takes time."""
SHOWN = 5

Refusal = tuple[int, str]
"""The number of the step that is wrong (0: the name itself), and words with the cure."""


def refusal(path: Path, types: ScopeTypes) -> Refusal | None:
    """Return why a path cannot be read; None: it can."""
    if types.delivery or path.root in DELIVERY:
        return _of_delivery(path, types)
    check = _CHECKS.get(path.root)
    if path.root in FAN_OUT:
        return None if types.fan_out else (0, _no_item(path.root, types))
    return (0, _unknown_root(path.root, types)) if check is None else check(path, types)


def _of_delivery(path: Path, types: ScopeTypes) -> Refusal | None:
    if not types.delivery:
        return 0, f"{path.root!r} has a value only in when and params of a webhook"
    if path.root in DELIVERY:
        return _header(path) if path.root == "headers" else None
    if path.root in WORDS:
        return 0, _unknown_root(path.root, types)
    return 0, f"there is no name {path.root!r} before the run; {_cure(path.root, DELIVERY)}"


def _header(path: Path) -> Refusal | None:
    name = path.steps[0] if path.steps else ""
    if name == name.lower():
        return None
    return 1, f"names of headers are in lower case here; write headers[{name.lower()!r}]"


def _no_item(name: str, types: ScopeTypes) -> str:
    if not types.one_program:
        return (
            f"{name!r} has a value only in workflow.params, approval.message and wait.until of a"
            " task with forEach"
        )
    return (
        f"{name!r} has no value here: all items share one program; let it read the file that"
        " HEADRACE_TASK_FILE names, which has item and index"
    )


def kind_of(path: Path, types: ScopeTypes) -> tuple[int, str] | None:
    """Return how many steps of a path are typed, and the type; None: nothing is known."""
    first, *rest = (*path.steps, "")
    if path.root == "run" and first in RUN:
        return 1, RUN[first]
    if path.root == "params" and first in types.params:
        return 1, KINDS[types.params[first]]
    if path.root == "tasks" and rest:
        declared = types.tasks.get(first) or {}
        match rest[:2]:
            case ["outcome", *_]:
                return 2, "STRING"
            case ["items", name] if name in ITEMS:
                return 3, "INT"
            case ["outputs", name] if name in declared:
                return 3, KINDS[declared[name]]
    return None


def _run(path: Path, _types: ScopeTypes) -> Refusal | None:
    return _field(path, 1, RUN, "run")


def _params(path: Path, types: ScopeTypes) -> Refusal | None:
    if path.steps and path.steps[0] not in types.params:
        name = path.steps[0]
        return 1, f"the workflow has no parameter {name!r}; {_cure(name, types.params)}"
    return None


def _tasks(path: Path, types: ScopeTypes) -> Refusal | None:
    if not path.steps:
        return 0, "name the task that is read: tasks['name']"
    name = path.steps[0]
    if name not in types.tasks:
        return 1, _unknown_task(path, types)
    wrong = _field(path, 2, TASK, f"task {name!r}")
    if wrong is not None:
        return wrong
    match path.steps[1:2]:
        case ("items",):
            return _field(path, 3, ITEMS, "items")
        case ("outputs",) if (declared := types.tasks[name]) is not None:
            return _field(path, 3, declared, _giver(name, types))
    return None


def _giver(task: str, types: ScopeTypes) -> str:
    if task in types.called:
        return f"the outputs of workflow {types.called[task]!r}, which task {task!r} calls"
    return f"what task {task!r} declares as outputs"


_CHECKS = {"run": _run, "params": _params, "tasks": _tasks}


def _field(path: Path, step: int, known: Collection[str], owner: str) -> Refusal | None:
    if len(path.steps) < step or path.steps[step - 1] in known:
        return None
    name = path.steps[step - 1]
    return step, f"there is no {name!r} in {owner}; {_cure(name, known)}"


def _cure(name: str, known: Collection[str]) -> str:
    near = closest(name, known) if len(known) <= COMPARABLE else None
    if near is not None:
        return f"did you mean {near!r}?"
    return f"there are {listed(sorted(known), SHOWN)}" if known else "there are none"


def _unknown_task(path: Path, types: ScopeTypes) -> str:
    name = path.steps[0]
    cut = next((task for task in sorted(types.tasks) if task.startswith(f"{name}-")), None)
    if name in types.out_of_scope:
        why = f"task {name!r} does not end before this one; list it in dependsOn"
        near = closest(name, types.tasks) if len(types.tasks) <= COMPARABLE else None
        return f"{why}, or did you mean {near!r}?" if near is not None else why
    if cut is not None and len(path.steps) == 1:
        return f"there is no task {name!r}; a name with a hyphen is written tasks['{cut}']"
    return f"there is no task {name!r} before this one; {_cure(name, types.tasks)}"


def _unknown_root(name: str, types: ScopeTypes) -> str:
    if name in WORDS:
        return f"there is no name {name!r}; write {WORDS[name]}"
    roots = (*_CHECKS, *(FAN_OUT if types.fan_out else ()))
    if name in types.params:
        return f"there is no name {name!r}; did you mean 'params.{name}'?"
    if name in types.tasks:
        return f"there is no name {name!r}; did you mean \"tasks['{name}']\"?"
    return f"there is no name {name!r}; {_cure(name, roots)}"
