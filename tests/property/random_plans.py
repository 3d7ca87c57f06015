"""
Random workflows, and how each attempt of each task ends.

That is decided beforehand, by task and number; so a run that met trouble can be compared with the
same run that met none, and with what the reference says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import NamedTask, RunWhen, TaskTimeouts, Wait
from headrace.api.v1alpha1.workflow import OnFailure, RunTimeouts
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.expressions.types import Failure, Scope
from headrace.engine.definition.run_when import NEED_UPSTREAM
from headrace.engine.definition.ways import FROM
from headrace.engine.definition.work import FanOut
from support import oracle
from support.builders import (
    NOON,
    calls,
    last,
    limits,
    on,
    output,
    param,
    retries,
    task,
    workflow,
)
from support.evaluation import value_of

ASKS, CALLS, EACH, WAITING = "q", "c", "f", "w"
"""How the names of tasks begin that ask people, call a workflow, run items, and wait."""

INNER = workflow(task("a"), params=(param("x", default=""),), outputs=(output("n", "1"),))
"""What tasks call."""

End = tuple[int | None, Reason | None]
"""An exit code, or a reason."""

GOOD: End = (0, None)
BAD: list[End] = [
    (1, None),
    (7, None),
    (137, Reason.OOM_KILLED),
    (None, Reason.NODE_LOST),
    (None, Reason.EVICTED),
]
ENDS = st.sampled_from([GOOD, GOOD, GOOD, *BAD])
RULES = st.sampled_from(
    [
        on(7, then="Fail"),
        on(1, then="Ignore"),
        on("NodeLost", then="Fail"),
        on("OOMKilled", then="Retry", memory_factor_percent=150),
    ]
)
POLICIES = st.builds(
    lambda limit, infrastructure, seconds, rules: retries(
        limit, *rules, infrastructure=infrastructure, seconds=seconds
    ),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from([0, 1, 30]),
    st.lists(RULES, max_size=1),
)
SOME_POLICY = st.none() | POLICIES


@dataclass(frozen=True)
class Plan:
    """A workflow, and how each attempt of each task ends."""

    definition: Definition
    ends: Mapping[str, Sequence[End]]
    items: Mapping[str, Sequence[Sequence[int]]]
    """By task over items: the exit codes of each item in each attempt that runs it."""

    def attempts(self, name: str) -> Sequence[oracle.Ending]:
        """Return the attempts that a task makes, by a plain reading of its policy."""
        retry = self.definition.tasks[name].retry
        rules = [
            (rule.exit_codes, [each.value for each in rule.reasons], rule.action.value)
            for rule in retry.rules
        ]
        policy = oracle.Retries(retry.limit, retry.infrastructure_limit, rules)
        return oracle.attempts(policy, [_told(end) for end in (*self.ends[name], GOOD)])

    def unstarted(self, name: str, outcomes: Mapping[str, str]) -> str | None:
        """Return how a task ends that its rule lets start, if its expressions end it; else None."""
        asked, scope = self.definition.tasks[name].expressions, self._scope(name, outcomes)
        wanted = True if asked.when is None else value_of(asked.when, scope)
        if wanted is False:
            return "Skipped"
        asked_for = (*asked.env.values(), *asked.fields.values())
        values = [value_of(each, scope) for each in asked_for]
        if any(isinstance(each, Failure) for each in (wanted, *values)):
            return "Failed"
        return "Skipped" if asked.fields.get(FROM) and [] in values else None

    def item_ends(self, name: str, outcomes: Mapping[str, str]) -> oracle.ItemEnds:
        """Return how the items of a task end that runs them; it waits for tasks that ended so."""
        defined = self.definition.tasks[name]
        assert isinstance(defined.work, FanOut)
        listed = defined.work.items
        if listed is None:
            listed = value_of(defined.expressions.fields[FROM], self._scope(name, outcomes))
        codes = self.items[name][: len(listed)]
        return oracle.item_ends(defined.retry.limit, defined.work.tolerated, codes)

    def _scope(self, name: str, outcomes: Mapping[str, str]) -> Scope:
        """Return what the expressions of a task read, which waits for tasks that ended so."""
        reads = self.definition.tasks[name].expressions.reads
        about = {"name": "etl-1", "workflow": "etl", "logicalTime": NOON}
        return Scope(run=about, tasks={each: self._result(each, outcomes) for each in reads})

    def _result(self, name: str, outcomes: Mapping[str, str]) -> Mapping[str, Any]:
        result = {"outcome": outcomes[name], "outputs": {}}
        if not name.startswith(EACH):
            return result
        numbers = {"succeeded": 0, "failed": 0}
        if outcomes[name] != "Omitted" and self.unstarted(name, outcomes) is None:
            ends = self.item_ends(name, outcomes)
            numbers = {"succeeded": len(ends.succeeded), "failed": len(ends.failed)}
        return {**result, "items": {"total": sum(numbers.values()), **numbers}}

    def item_code(self, name: str, index: int, attempt: int) -> int:
        """Return how the program of an item ends, when an attempt runs it."""
        return [*self.items[name][index], *[0] * attempt][attempt - 1]

    def end(self, name: str, number: int) -> End:
        """Return how an attempt ends; all that are not planned end well."""
        planned = self.ends[name]
        return planned[number - 1] if number <= len(planned) else GOOD


def _told(end: End) -> oracle.Ending:
    code, reason = end
    if reason is not None:
        return reason.value, code
    return ("NonZeroExit" if code else "Succeeded"), code


def _ends(task: NamedTask) -> st.SearchStrategy[list[End]]:
    """Return what is drawn of the ends of a task: programs may fail, and people may say no."""
    if task.wait is not None:
        return st.just([])
    if task.approval is not None:
        return st.sampled_from([[], [], [REJECTED]])
    if task.workflow is not None:
        return st.lists(st.sampled_from([GOOD, CALL_FAILED]), max_size=3)
    return st.lists(ENDS, max_size=4)


@st.composite
def expressions(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw the condition and the variable of a task, over tasks that end before it."""
    sources = ["true", "false", "run.name == 'etl-1'", "1 / 0 == 1"]
    values = ["${{ run.workflow }}", "plain", "${{ 1 / 0 }}"]
    for name in before:
        sources += [f"tasks.{name}.outcome == 'Succeeded'", f"tasks.{name}.outcome != 'Failed'"]
        values += [f"it is ${{{{ tasks.{name}.outcome }}}}"]
        if name.startswith(EACH):
            sources += [f"tasks.{name}.items.failed == 0", f"tasks.{name}.items.total > 1"]
        if not name.startswith(
            (ASKS, EACH, WAITING)
        ):  # What these give is known, and `x` is none of it.
            values += [f"${{{{ tasks.{name}.outputs.x }}}}"]
    found: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        found["when"] = draw(st.sampled_from(sources))
    if draw(st.integers(0, 2)) == 0:
        found["env"] = (EnvVar(name="X", value=draw(st.sampled_from(values))),)
    return found


WAITS = st.sampled_from(
    [
        {"wait": Wait(seconds=1)},
        {"wait": Wait(seconds=45)},
        {"wait": Wait(until="run.logicalTime")},
        {"wait": Wait(until="run.logicalTime + duration('50s')")},
        {"wait": Wait(until="timestamp(run.name)")},
        {"wait": Wait(seconds=20), "for_each": ForEach(range={"count": 3}, max_parallel=2)},
        {
            "wait": Wait(until="run.logicalTime + duration(string(item) + 's')"),
            "for_each": ForEach(items=(50, 0, 10)),
        },
    ]
)
"""
So long, until a moment that is over, until one that is not, and until none: it has no value.

Also for each of some items.
"""


def programs(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw a task that runs a program."""
    return {**draw(expressions(before)), "retry": draw(SOME_POLICY)}


def waits(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw a task that only waits, perhaps under a condition."""
    asked = draw(expressions(before))
    return draw(WAITS) | {name: asked[name] for name in ("when",) if name in asked}


MESSAGES = st.sampled_from(["Go on?", "Go on with ${{ run.name }}?", "${{ 1 / 0 }}?"])
TIMES = st.sampled_from(
    [
        {},
        {"timeout_seconds": 45},
        {"timeout_seconds": 45, "on_timeout": "approve"},
        {"timeout_seconds": 45, "on_timeout": "reject"},
    ]
)
REJECTED: End = (None, Reason.REJECTED)


def questions(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw a task that asks people, perhaps under a condition."""
    drawn = draw(expressions(before))
    asked = {"approval": ApprovalRequest(message=draw(MESSAGES)), "retry": draw(SOME_POLICY)}
    return asked | {name: drawn[name] for name in ("when",) if name in drawn}


CALL_FAILED: End = (None, Reason.RUN_FAILED)


def called_runs(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw a task that calls a workflow, perhaps under a condition, with a value or without."""
    drawn = draw(expressions(before))
    given = {"x": drawn["env"][0].value} if "env" in drawn else {}
    call = calls("call", of="inner", params=given).workflow
    asked = {"workflow": call, "retry": draw(SOME_POLICY)}
    return asked | {name: drawn[name] for name in ("when",) if name in drawn}


def fan_outs(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw a task over up to three items, which may be none, or have no value."""
    sources = ["['x', 'y']", "[]", "[1 / 0]"]
    sources += [f"tasks.{name}.outcome == 'Succeeded' ? ['x', 'y'] : []" for name in before]
    named: dict[str, Any] = {"items": list("xyz")[: draw(st.integers(1, 3))]}
    if draw(st.integers(0, 2)) == 0:
        named = {"from_": draw(st.sampled_from(sources))}
    bounds = {
        "tolerated_failures": draw(st.integers(0, 1)),
        "max_parallel": draw(st.sampled_from([None, 1])),
    }
    policy = retries(draw(st.integers(0, 2)), seconds=draw(st.sampled_from([0, 30])))
    return {**draw(expressions(before)), "retry": policy, "for_each": ForEach(**named, **bounds)}


ITEM_CODES = st.lists(st.lists(st.sampled_from([0, 0, 1]), max_size=3), min_size=3, max_size=3)

KINDS = (programs, programs, programs, waits, questions, called_runs, fan_outs)
NAMES = {questions: ASKS, called_runs: CALLS, fan_outs: EACH, waits: WAITING}


def hasty(draw: st.DrawFn, task: NamedTask) -> NamedTask:
    """Return a task whose question, if it asks one, may have a deadline."""
    if task.approval is None:
        return task
    asked = task.approval.model_copy(update=draw(TIMES))
    return task.model_copy(update={"approval": asked})


@st.composite
def plans(draw: st.DrawFn, *, troubled: bool = False) -> Plan:
    """Draw a workflow of up to 12 tasks; `troubled` ones have time limits and may stop early."""
    tasks: list[NamedTask] = []
    before: dict[str, list[str]] = {}
    for n in range(draw(st.integers(1, 12))):
        names = [each.name for each in tasks]
        after = draw(st.lists(st.sampled_from(names), max_size=4, unique=True)) if names else []
        rules = [each for each in RunWhen if after or each not in NEED_UPSTREAM]
        total = draw(st.sampled_from([None, 100])) if troubled else None
        kind = draw(st.sampled_from(KINDS))
        runs = kind in (programs, fan_outs)
        times = limits(60, total=total) if runs else TaskTimeouts(total_seconds=total)
        name = f"{NAMES.get(kind, 't')}{n}"
        before[name] = sorted({*after}.union(*(before[each] for each in after)))
        tasks.append(
            task(
                *(name, *after),
                **kind(draw, before[name]),
                rule=draw(st.sampled_from(rules)),
                **{"timeouts": times} if troubled else {},
                allow_failure=draw(st.booleans()),
            )
        )
    for n in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(KINDS))
        tasks.append(last(f"{NAMES.get(kind, '')}z{n}", **kind(draw, list(before))))
    ends = {each.name: draw(_ends(each)) for each in tasks}
    items = {each.name: draw(ITEM_CODES) for each in tasks if each.name.startswith(EACH)}
    more = {}
    if troubled:
        tasks = [hasty(draw, each) for each in tasks]
        more["on_failure"] = draw(st.sampled_from(OnFailure))
        more["timeouts"] = RunTimeouts(
            run_seconds=draw(st.sampled_from([None, 200])),
            finally_seconds=draw(st.sampled_from([None, 50])),
        )
    return Plan(workflow(*tasks, **more), ends, items)
