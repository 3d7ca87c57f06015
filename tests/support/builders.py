"""
Builders: a case fits on a line, and shows only what matters to it.

Times are seconds after `NOON`. What is not said is ordinary: the image, the policy, the names.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.cache import TaskCache
from headrace.api.v1alpha1.call import ParamPassed, WorkflowCall
from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import Backoff, RetryAction, RetryPolicy, RetryReason, RetryRule
from headrace.api.v1alpha1.task import (
    Defaults,
    NamedTask,
    RunWhen,
    Task,
    TaskBody,
    TaskTimeouts,
    Wait,
)
from headrace.api.v1alpha1.workflow import RunOutput, RunTimeouts, WorkflowSpec
from headrace.engine.definition.compile import Definition, TaskDefinition, compile_workflow
from headrace.engine.definition.expressions.types import Expression
from headrace.engine.definition.ways import FROM, UNTIL
from headrace.engine.definition.work import (
    Approval,
    ChildRun,
    Container,
    Each,
    FanOut,
    Timer,
    work_of_one,
)
from headrace.engine.outcome import Outcome
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.engine.task.observed import Attempt, Ending, One, Sighting, Stage, TaskLog
from headrace.engine.task.timer import wait_sighting
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from headrace.manifests.where import where

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECRET = "correct-horse-battery-staple"  # noqa: S105 - stands for one, to see where it turns up
DEFAULTS = Defaults(image="busybox:1.37", env=(EnvVar(name="TOKEN", value=SECRET),))


def at(seconds: float) -> datetime:
    """Return a moment, in seconds after noon."""
    return NOON + timedelta(seconds=seconds)


# --- definitions ------------------------------------------------------------------------------


def task(name: str, *after: str, rule: str = "AllSucceeded", **fields: Any) -> Task:
    """Return a task that waits for others."""
    return Task(name=name, depends_on=after, run_when=RunWhen(rule), **fields)


def last(name: str, **fields: Any) -> NamedTask:
    """Return a `finally` task."""
    return NamedTask(name=name, **fields)


def spec(*tasks: NamedTask, **fields: Any) -> WorkflowSpec:
    """Return a workflow of tasks and `finally` tasks."""
    return WorkflowSpec(
        tasks=tuple(each for each in tasks if isinstance(each, Task)),
        finally_=tuple(each for each in tasks if not isinstance(each, Task)),
        **{"defaults": DEFAULTS, **fields},
    )


def cached(name: str, *after: str, key: str = "'k'", age: int | None = None, **more: Any) -> Task:
    """Return a task whose result later runs can have."""
    return task(name, *after, cache=TaskCache(key=key, max_age_seconds=age), **more)


def pause(name: str, *after: str, seconds: int = 60, until: str = "", **fields: Any) -> Task:
    """Return a task that only waits: so long, or until what an expression says."""
    wait = Wait(until=until) if until else Wait(seconds=seconds)
    return task(name, *after, **{"wait": wait, **fields})


def workflow(*tasks: NamedTask, **fields: Any) -> Definition:
    """Return a workflow, ready to run."""
    return compile_workflow(spec(*tasks, **fields))


def chain(*names: str, **fields: Any) -> Definition:
    """Return a workflow of tasks that follow each other."""
    first, *others = names
    pairs = zip(names, others, strict=False)
    return workflow(task(first), *(task(name, before) for before, name in pairs), **fields)


def diamond(**fields: Any) -> Definition:
    """Return extract, then left and right, then join."""
    return workflow(
        task("extract"),
        task("left", "extract"),
        task("right", "extract"),
        task("join", "left", "right"),
        **fields,
    )


def spelled_out(definition: Definition) -> dict[str, Any]:
    """Return a definition as somebody writes it who leaves nothing to defaults."""
    tasks = [
        (Task if not each.is_finally else NamedTask)(
            name=each.name,
            allow_failure=each.allow_failure,
            when=None if each.expressions.when is None else each.expressions.when.source,
            for_each=_for_each(each),
            **{} if each.is_finally else _of_task(each),
            **_way(each),
        )
        for each in definition.tasks.values()
    ]
    written = spec(
        *tasks,
        defaults=Defaults(),
        params=definition.params,
        on_failure=definition.on_failure,
        timeouts=RunTimeouts(
            run_seconds=definition.run_seconds, finally_seconds=definition.finally_seconds
        ),
        max_parallel=definition.max_parallel,
        priority=definition.priority,
        queue_name=definition.queue,
        concurrency=definition.concurrency,
        history=definition.history,
        outputs=tuple(
            RunOutput(name=name, expression=each.source)
            for name, each in definition.outputs.expressions.items()
        ),
    )
    assert definition.tasks == compile_workflow(written).tasks
    return written.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _of_task(each: TaskDefinition) -> dict[str, Any]:
    """Return the fields that no `finally` task has."""
    return {"depends_on": each.upstream, "run_when": each.run_when, "cache": each.cache}


def _way(defined: TaskDefinition) -> dict[str, Any]:
    """Return the fields of a task that say what it does."""
    limit = TaskTimeouts(total_seconds=defined.timeouts.total_seconds)
    match work_of_one(defined.work):
        case Container(body) | FanOut(body):
            return {name: getattr(body, name) for name in TaskBody.model_fields}
        case ChildRun(name, values):
            times = defined.timeouts.model_dump(exclude={"pending_seconds"}, exclude_none=True)
            own = {"retry": defined.retry, "timeouts": TaskTimeouts(**times)}
            params = tuple(ParamPassed(name=n, value=v) for n, v in values.items())
            call = WorkflowCall(name=name, params=params)
            own |= {"outputs": defined.outputs, "priority": defined.priority}
            return {**own, "workflow": call}
        case Approval(asked):
            return {"approval": asked, "retry": defined.retry, "timeouts": limit}
        case Timer(seconds=seconds):
            asked = defined.expressions
            until = asked.fields.get(UNTIL) or asked.each.get(UNTIL)
            source = until.source if isinstance(until, Expression) else None
            return {"wait": Wait(seconds=seconds, until=source), "timeouts": limit}
    raise AssertionError(defined.work)


def asking(name: str, *after: str, rule: str = "AllSucceeded", **asked: Any) -> Task:
    """Return a task that asks people; `asked` are fields of its question, and of the task."""
    own = {field: asked.pop(field) for field in tuple(asked) if field in Task.model_fields}
    question = ApprovalRequest(**{"message": f"Go on with {name}?", **asked})
    return task(name, *after, rule=rule, approval=question, **own)


def calls(name: str, *after: str, of: str = "inner", **fields: Any) -> Task:
    """Return a task that calls a workflow; `params` are what it passes."""
    params = tuple(ParamPassed(name=n, value=v) for n, v in fields.pop("params", {}).items())
    return task(name, *after, workflow=WorkflowCall(name=of, params=params), **fields)


def output(name: str, expression: str, **more: Any) -> RunOutput:
    """Return an output of a workflow's runs."""
    return RunOutput(name=name, expression=expression, **more)


def _for_each(defined: TaskDefinition) -> ForEach | None:
    work = defined.work
    if not isinstance(work, FanOut | Each):
        return None
    asked = defined.expressions.fields.get(FROM)
    numbers = work.items if isinstance(work.items, range) else None
    return ForEach(
        items=None if numbers is not None else work.items,
        range=None if numbers is None else {"from": numbers.start, "count": len(numbers)},
        from_=asked.source if isinstance(asked, Expression) else None,
        max_parallel=work.max_parallel,
        tolerated_failures=work.tolerated,
    )


# --- policies ---------------------------------------------------------------------------------


def retries(limit: int = 0, *rules: RetryRule, infrastructure: int = 5, **wait: int) -> RetryPolicy:
    """Return a retry policy; `wait` are fields of its backoff, without jitter if not said."""
    return RetryPolicy(
        limit=limit,
        infrastructure_limit=infrastructure,
        rules=rules,
        backoff=Backoff(**{"jitter_percent": 0, **wait}),
    )


def on(*what: int | str, then: str, **fields: Any) -> RetryRule:
    """Return a retry rule about exit codes and reasons."""
    return RetryRule(
        exit_codes=tuple(each for each in what if isinstance(each, int)),
        reasons=tuple(RetryReason(each) for each in what if isinstance(each, str)),
        action=RetryAction(then),
        **fields,
    )


def limits(
    pending: int = 3600, attempt: int | None = None, total: int | None = None
) -> TaskTimeouts:
    """Return time limits in seconds."""
    return TaskTimeouts(pending_seconds=pending, attempt_seconds=attempt, total_seconds=total)


# --- what the world shows ---------------------------------------------------------------------


def starting(
    number: int = 1, waiting: Reason | None = None, message: str = "", **more: Any
) -> Sighting:
    """Return an attempt made at noon whose program does not run yet."""
    base = Sighting(number, Stage.STARTING, created=NOON)
    fields = {"where": where(f"job-{number}"), **_placed(number, more)}
    return replace(base, waiting=waiting, message=message, **fields)


def running(number: int = 1, started: float = 1, **more: Any) -> Sighting:
    """Return an attempt whose program runs."""
    base = Sighting(number, Stage.RUNNING, created=NOON, scheduled=NOON, started=at(started))
    placed = where(f"job-{number}", f"pod-{number}", "n1")
    return replace(base, **{"where": placed, **_placed(number, more, "n1")})


def waiting(until: float, created: float = 0) -> Sighting:
    """Return a wait that goes on until so many seconds after noon."""
    return wait_sighting(at(created), at(until))


def _placed(number: int, fields: dict[str, Any], node: str = "") -> dict[str, Any]:
    """Return the fields of a sighting, `pod` as the place of its attempt."""
    pod = fields.pop("pod", None)
    return fields if pod is None else {**fields, "where": where(f"job-{number}", pod, node)}


def exited(
    code: int = 0, number: int = 1, when: float = 5, output: str = "", **more: Any
) -> Sighting:
    """Return an attempt whose program ended by itself."""
    ending = Ending(at(when), One(code), output=output)
    over = {"stage": Stage.ENDED, "ending": ending, "alive": False}
    return running(number, **{**over, **more})


def broken(
    reason: Reason, number: int = 1, when: float = 5, message: str = "", code: int | None = None
) -> Sighting:
    """Return an attempt that ended for a reason that the world gives."""
    ending = Ending(at(when), One(code), reason=reason, message=message)
    return replace(running(number), stage=Stage.ENDED, ending=ending, alive=False)


def gone(number: int = 1, *, alive: bool = False) -> Sighting:
    """Return an attempt that somebody removed."""
    return replace(running(number), stage=Stage.GONE, alive=alive, leaving=True)


# --- what is on record ------------------------------------------------------------------------


def failed(
    reason: Reason = Reason.NON_ZERO_EXIT, number: int = 1, when: float = 5, code: int | None = 1
) -> Attempt:
    """Return a logged attempt that failed."""
    return Attempt(
        number,
        where=where(f"job-{number}"),
        created=NOON,
        started=at(1),
        finished=at(when),
        progress=One(code),
        reason=reason,
    )


def log(*attempts: Attempt, **fields: Any) -> TaskLog:
    """Return the log of a task that made these attempts."""
    started = attempts[0].created if attempts else None
    base = TaskLog(attempts=attempts, count=len(attempts), started=started, observed_generation=1)
    return replace(base, **fields)


def ended(outcome: Outcome, reason: Reason | None = None, message: str = "") -> TaskLog:
    """Return the log of a task that ended."""
    reason = reason or Reason(outcome.value)
    base = log(
        failed() if outcome is Outcome.FAILED else replace(failed(), reason=reason, progress=One(0))
    )
    return replace(base, outcome=outcome, reason=reason, message=message, finished=at(5))


# --- what the engine asks for -----------------------------------------------------------------


def start(
    defined: TaskDefinition | None = None,
    number: int = 1,
    memory: str | None = None,
    params: Mapping[str, bool | int | str] | None = None,
    **context: Any,
) -> StartAttempt[Any]:
    """Return the request for an attempt of a task, else of one that is as plain as can be."""
    defined = defined or workflow(task("extract", command=("true",))).tasks["extract"]
    base = RunContext(
        "default", "etl-1", "uid-1", "etl", "2030-01-01T12:00:00Z", params=params or {}
    )
    return start_attempt(defined, Start(number, memory), replace(base, **context), at(0))


def param(name: str, kind: str = "String", **fields: Any) -> Param:
    """Return a parameter of a workflow."""
    return Param(name=name, type=kind, **fields)
