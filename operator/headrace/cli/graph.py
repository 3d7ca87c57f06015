"""
`headrace graph`: a workflow's tasks and their order, as text or as a Mermaid diagram.

Knows how to draw a graph. Knows no run.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from headrace.api.v1alpha1.task import RunWhen
from headrace.cli.input import InputError
from headrace.cli.streams import note, tell
from headrace.cli.words import counted, one_line
from headrace.cli.workflow_file import read_workflow
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.expressions.types import Expression
from headrace.engine.definition.ways import FROM, UNTIL
from headrace.engine.definition.work import Approval, ChildRun, Each, FanOut, Timer, work_of_one
from headrace.engine.task.answers import either
from headrace.engine.text import duration

SHOWN = 0
NOT_SHOWN = 1
WRONG_INPUT = 2


@click.command("graph")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid"]),
    default="text",
    show_default=True,
    help="mermaid is drawn by GitHub, GitLab and many editors.",
)
@click.option(
    "--name",
    metavar="WORKFLOW",
    help="Which workflow, if the file holds several: its name, or namespace/name.",
)
def command(file: Path, form: str, name: str | None) -> None:
    """
    Show the tasks of the workflow in FILE (- is standard input), and what each waits for.

    Exit codes: 0 the graph is shown, 1 it could not be written, 2 the file has a problem.
    """
    try:
        workflow = read_workflow(file, name)
    except InputError as error:
        note(str(error))
        sys.exit(WRONG_INPUT)
    if form == "mermaid":
        shown = tell(mermaid(workflow.definition))
    else:
        shown = tell(text(workflow.name, workflow.definition))
    sys.exit(SHOWN if shown else NOT_SHOWN)


def text(name: str, definition: Definition) -> Iterator[str]:
    """Yield the lines of a graph as text, level by level: a level runs after the ones above it."""
    level = levels(definition)
    depth = max(level.values())
    tasks = list(definition.tasks.values())
    yield f"{name}: {counted(len(level), 'task')} in {counted(depth, 'level')}"
    width = max(len(task.name) for task in tasks)
    for number in range(1, depth + 1):
        for task in tasks:
            if level.get(task.name) == number:
                yield f"{number:>4}  {task.name:<{width}}  {_waits_for(task)}".rstrip()
    last = [task for task in tasks if task.is_finally]
    if last:
        yield "finally, after all of them, whatever their outcome"
        for task in last:
            yield f"      {task.name:<{width}}  {_waits_for(task)}".rstrip()


def levels(definition: Definition) -> dict[str, int]:
    """Return the level of each task except `finally` tasks: one more than its upstream tasks."""
    level: dict[str, int] = {}
    for name in definition.graph:
        level[name] = 1 + max((level[up] for up in definition.graph.upstream[name]), default=0)
    return level


def _waits_for(task: TaskDefinition) -> str:
    usual = task.is_finally or task.run_when is RunWhen.ALL_SUCCEEDED
    rule = "" if usual else f" ({task.run_when})"
    after = f"after {', '.join(task.upstream)}{rule}" if task.upstream else rule.strip()
    work = work_of_one(task.work)
    calls = f"calls {work.workflow}" if isinstance(work, ChildRun) else ""
    return " ".join(filter(None, (calls, after, *_conditions(task))))


def _conditions(task: TaskDefinition) -> Iterator[str]:
    """Yield whether a task runs, for which items, how long it waits, and what it asks."""
    if task.expressions.when is not None:
        yield f"when {one_line(task.expressions.when.source)}"
    expressions = task.expressions
    until = expressions.fields.get(UNTIL) or expressions.each.get(UNTIL)
    if isinstance(task.work, FanOut | Each):
        most = task.work.max_parallel
        yield f"(for each of {_items(task, task.work)}{f', {most} at a time' if most else ''})"
    match work_of_one(task.work):
        case Approval(asked):
            yield f"(asks for {either(asked.choices)})"
        case Timer() if isinstance(until, Expression):
            yield f"(waits until {one_line(until.source)})"
        case Timer(seconds=int(seconds)):
            yield f"(waits {duration(timedelta(seconds=seconds))})"


def _items(task: TaskDefinition, work: FanOut | Each[Any]) -> str:
    """Return the items of a task: the expression, or their number."""
    source = task.expressions.fields.get(FROM)
    if isinstance(source, Expression):
        return one_line(source.source)
    return counted(work.total, "item")


def mermaid(definition: Definition) -> Iterator[str]:
    """
    Yield the lines of a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).

    Nodes have numbers, since Mermaid reserves some names that a task may have, like `end`.
    """
    tasks = definition.tasks.values()
    last = [task for task in tasks if task.is_finally]
    yield "flowchart LR"
    for task in tasks:
        if not task.is_finally:
            yield f"  {_drawn(task)}"
    for task in tasks:
        label = _label(task)
        for up in task.upstream:
            yield f"  {_node(definition.tasks[up])} -->{label} {_node(task)}"
    if last:
        yield '  subgraph last["finally"]'
        yield from (f"    {_drawn(task)}" for task in last)
        yield "  end"
        yield from (f"  {_node(task)} -.-> last" for task in _leaves(definition))


def _label(task: TaskDefinition) -> str:
    """Return what stands at the arrows to a task: its rule, and whether it has a condition."""
    rule = "" if task.run_when is RunWhen.ALL_SUCCEEDED else str(task.run_when)
    words = ", ".join(filter(None, (rule, "when" if task.expressions.when is not None else "")))
    return f"|{words}|" if words else ""


def _drawn(task: TaskDefinition) -> str:
    """Return a node with its shape: round for a wait, a point for a question, bands for a call."""
    words = f"{task.name} for each" if isinstance(task.work, Each) else task.name
    match work_of_one(task.work):
        case Timer():
            return f'{_node(task)}(["{words}"])'
        case ChildRun(workflow):
            return f'{_node(task)}[["{words}: {workflow}"]]'
        case Approval():
            return f'{_node(task)}{{"{words}"}}'
        case FanOut():
            return f'{_node(task)}[/"{task.name}"/]'
    return f'{_node(task)}["{task.name}"]'


def _node(task: TaskDefinition) -> str:
    return f"t{task.position}"


def _leaves(definition: Definition) -> Iterator[TaskDefinition]:
    """Yield the tasks that no other task waits for."""
    awaited = {up for names in definition.graph.upstream.values() for up in names}
    return (definition.tasks[name] for name in definition.graph.upstream if name not in awaited)
