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
from support import oracle
from support.builders import NOON, last, limits, on, retries, task, workflow
from support.evaluation import value_of

ASKS = "q"
"""How the names of tasks begin that ask people."""

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
        asked = self.definition.tasks[name].expressions
        tasks = {each: {"outcome": outcomes[each], "outputs": {}} for each in asked.reads}
        about = {"name": "etl-1", "workflow": "etl", "logicalTime": NOON}
        scope = Scope(run=about, tasks=tasks)
        wanted = True if asked.when is None else value_of(asked.when, scope)
        if wanted is False:
            return "Skipped"
        asked_for = (*asked.env.values(), *asked.fields.values())
        values = [value_of(each, scope) for each in asked_for]
        wrong = any(isinstance(each, Failure) for each in (wanted, *values))
        return "Failed" if wrong else None

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
    return st.lists(ENDS, max_size=4)


@st.composite
def expressions(draw: st.DrawFn, before: Sequence[str]) -> dict[str, Any]:
    """Draw the condition and the variable of a task, over tasks that end before it."""
    sources = ["true", "false", "run.name == 'etl-1'", "1 / 0 == 1"]
    values = ["${{ run.workflow }}", "plain", "${{ 1 / 0 }}"]
    for name in before:
        sources += [f"tasks.{name}.outcome == 'Succeeded'", f"tasks.{name}.outcome != 'Failed'"]
        values += [f"it is ${{{{ tasks.{name}.outcome }}}}"]
        if not name.startswith(ASKS):  # What a question gives is known, and `x` is none of it.
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


KINDS = (programs, programs, programs, programs, waits, questions)


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
        times = limits(60, total=total) if kind is programs else TaskTimeouts(total_seconds=total)
        name = f"{ASKS if kind is questions else 't'}{n}"
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
    tasks += [
        last(f"z{n}", **draw(st.sampled_from(KINDS))(draw, list(before)))
        for n in range(draw(st.integers(0, 2)))
    ]
    ends = {each.name: draw(_ends(each)) for each in tasks}
    more = {}
    if troubled:
        tasks = [hasty(draw, each) for each in tasks]
        more["on_failure"] = draw(st.sampled_from(OnFailure))
        more["timeouts"] = RunTimeouts(
            run_seconds=draw(st.sampled_from([None, 200])),
            finally_seconds=draw(st.sampled_from([None, 50])),
        )
    return Plan(workflow(*tasks, **more), ends)
