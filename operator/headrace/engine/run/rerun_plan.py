"""
The plan of a rerun: which tasks are repeated, taken over, or repeated in part.

Knows the ends of the earlier run's tasks. The same two runs give the same plan. Starts nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

from headrace.api.checks.param_kinds import Value
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.engine import ranges
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.params import values
from headrace.engine.definition.work import OF_ITEMS, Approvals, ChildRun, ChildRuns, FanOut
from headrace.engine.outcome import Outcome
from headrace.engine.run.marks import by_mark, on_record
from headrace.engine.run.observed import Inheritance, ObservedRun
from headrace.engine.task.declared import check_declared
from headrace.engine.task.observed import RUN, TaskLog

IN_VAIN = frozenset({Outcome.FAILED, Outcome.CANCELLED, None})
"""The ends of tasks that are repeated by themselves. None: the task has no end on record."""


def plan(
    run: ObservedRun, source: ObservedRun, rerun: RerunOf, definition: Definition
) -> Inheritance:
    """
    Return what a rerun takes over.

    A task that was skipped or left out is judged anew, and causes no repetition by itself.

    Args:
        run: The rerun, with the parameters and instants that it inherits.
        source: The earlier run.
        rerun: What to repeat.
        definition: The definition of the rerun.

    """
    ends = outcomes(source)
    asked = frozenset(_asked(rerun, definition))
    other = frozenset(_changed(run, source, definition))
    in_vain = {name for name in definition.graph if ends.get(name) in IN_VAIN}
    repeated = _with_downstream({*asked, *other, *in_vain}, definition)
    taken, continued = [], []
    if rerun.from_ is not RerunFrom.ALL:
        taken = [
            name
            for name in definition.graph
            if ends.get(name) is Outcome.SUCCEEDED and name not in repeated
        ]
        behind = _behind({*asked, *other, *in_vain}, definition)
        alike = in_vain - asked - other - behind
        continued = [
            name
            for name in alike
            if name in source.tasks and _goes_on(definition.tasks[name], source.tasks[name].log)
        ]
    return Inheritance(
        *(run.given, run.logical_time, run.interval),
        taken_over=_positions(taken, definition),
        continued=_positions(continued, definition),
        source_uid=source.uid,
    )


def outcomes(source: ObservedRun) -> dict[str, Outcome | None]:
    """Return how the tasks of the earlier run ended, by name."""
    ends = {name: seen.log.outcome for name, seen in source.tasks.items()}
    if source.definition is not None:
        marks = by_mark(on_record(source, source.definition), source, source.definition)
        for mark, names in marks.items():
            ends |= dict.fromkeys(names, mark.outcome)
    return ends


def _asked(rerun: RerunOf, definition: Definition) -> Iterator[str]:
    """Yield the tasks that somebody wants to be repeated."""
    match rerun.from_:
        case RerunFrom.ALL:
            yield from definition.graph
        case RerunFrom.TASK if rerun.task is not None and rerun.downstream_only:
            yield from definition.graph.downstream.get(rerun.task, ())
        case RerunFrom.TASK if rerun.task is not None:
            yield rerun.task


def _changed(run: ObservedRun, source: ObservedRun, definition: Definition) -> Iterator[str]:
    """Yield the tasks that cannot be taken over: their input or their work is another one."""
    new, old = values(definition.params, run.given), _values_of(source)
    params = frozenset(name for name in new.keys() | old.keys() if new.get(name) != old.get(name))
    before = source.definition
    for name in definition.graph:
        task = definition.tasks[name]
        then = before.tasks.get(name) if before is not None else None
        alike = then is not None and type(then.work) is type(task.work)
        if not alike or not _gives(task, source) or (params and _reads(task, params)):
            yield name


def _values_of(source: ObservedRun) -> Mapping[str, Value]:
    """Return the parameters of the earlier run, defaults among them."""
    known = source.log.inheritance
    given = known.given if known is not None else source.given
    params = source.definition.params if source.definition is not None else ()
    defaults = {each.name: each.default for each in params if each.default is not None}
    return {**defaults, **given}


def _gives(task: TaskDefinition, source: ObservedRun) -> bool:
    """Return whether a task that succeeded has the outputs that it declares today."""
    seen = source.tasks.get(task.name)
    if seen is None or seen.log.outcome is not Outcome.SUCCEEDED or isinstance(task.work, OF_ITEMS):
        return True
    try:
        check_declared(task.outputs, seen.log.outputs)
    except ValueError:
        return False
    return True


def _reads(task: TaskDefinition, params: frozenset[str]) -> bool:
    """Return whether an expression of a task reads one of some parameters."""
    from headrace.engine.definition.expressions.reading import reads_params  # noqa: PLC0415 - slow to load, and seldom needed

    asked = task.expressions
    fields = (*asked.fields.values(), *asked.each.values())
    every = (*asked.env.values(), *fields, *((asked.when,) if asked.when else ()))
    return any(reads_params(each, params) for each in every)


def _goes_on(task: TaskDefinition, log: TaskLog) -> bool:
    """Return whether a part of a task's work has succeeded, so that only the rest is repeated."""
    match task.work:
        case FanOut() | ChildRuns() | Approvals():
            return log.items is not None and bool(log.items.succeeded) and bool(log.items.digest)
        case ChildRun():
            last = log.last
            unit = last.where.unit if last is not None and last.started is not None else None
            return unit is not None and unit.kind == RUN
        case _:
            return False


def _with_downstream(tasks: Iterable[str], definition: Definition) -> set[str]:
    """Return tasks, and all tasks that wait for them, also through others."""
    found, left = set(tasks), list(tasks)
    while left:
        for name in definition.graph.downstream[left.pop()]:
            if name not in found:
                found.add(name)
                left.append(name)
    return found


def _behind(tasks: Iterable[str], definition: Definition) -> set[str]:
    """Return the tasks that wait for some tasks, also through others."""
    after = (each for name in tasks for each in definition.graph.downstream[name])
    return _with_downstream(set(after), definition)


def _positions(names: Iterable[str], definition: Definition) -> str:
    return ranges.write([definition.tasks[name].position for name in names])
