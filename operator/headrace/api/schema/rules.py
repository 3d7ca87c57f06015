"""
The checks of the API server beyond types and bounds: CEL rules, by type.

The validators of the types make the same checks with the same words; a test compares them.
`headrace.engine.definition.problems` finds problems that would cost the API server too much (a
cycle, an unknown task). Knows no resource.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.api.schema.approval_rules import APPROVAL_SPEC
from headrace.api.schema.backfill_rules import BACKFILL_SPEC
from headrace.api.schema.cache_rules import CACHED_TASK, CACHED_TASK_RUN
from headrace.api.schema.item_rules import FOR_EACH, ITEM_RANGE
from headrace.api.schema.rerun_rules import RERUN_OF
from headrace.api.schema.rule import Rule
from headrace.api.schema.template_rules import NAMED_TASK

# --- a workflow -------------------------------------------------------------------------------

VOLUME_SOURCES = (
    "configMap",
    "secret",
    "emptyDir",
    "persistentVolumeClaim",
    "projected",
    "downwardAPI",
    "csi",
    "ephemeral",
    "image",
)

NEED_UPSTREAM = (
    "AllDoneMinOneSucceeded",
    "NoneFailedMinOneSucceeded",
    "OneDone",
    "OneFailed",
    "OneSucceeded",
)
"""The runWhen rules that a task without upstream tasks can never meet."""

_RULE = (
    Rule(
        "has(self.exitCodes) && self.exitCodes.size() > 0"
        " || has(self.reasons) && self.reasons.size() > 0",
        "a rule needs exitCodes or reasons: name what the rule matches",
    ),
    Rule(
        "!has(self.memoryFactorPercent) || self.action != 'Fail'",
        "memoryFactorPercent needs action Retry or Ignore: Fail ends the task",
    ),
    Rule(
        "!has(self.maxMemory) || has(self.memoryFactorPercent)",
        "maxMemory has no meaning without memoryFactorPercent: say by how much to raise memory",
    ),
)

_ENV = (
    Rule(
        "!self.name.startsWith('HEADRACE_')",
        "names that start with HEADRACE_ are reserved for Headrace; choose another",
        field=".name",
    ),
    Rule("!has(self.value) || !has(self.valueFrom)", "give value or valueFrom, not both"),
)

_VOLUME = (
    Rule(
        # In CEL, a sum is the cheapest way to count; a list costs twice as much.
        " + ".join(f"(has(self.{source}) ? 1 : 0)" for source in VOLUME_SOURCES) + " == 1",
        f"a volume has exactly one source: {', '.join(VOLUME_SOURCES[:-1])} or"
        f" {VOLUME_SOURCES[-1]}",
    ),
)

_SCHEDULE = (
    Rule(
        "has(self.cron) || has(self.everySeconds)",
        "a schedule needs one of cron and everySeconds: say when it fires",
    ),
    Rule(
        "!has(self.cron) || !has(self.everySeconds)",
        "a schedule has cron or everySeconds, not both: remove one",
    ),
    Rule(
        r"!has(self.cron) || self.cron.matches(r'^\s*(@\w+|\S+(\s+\S+){4})\s*$')",
        "needs 5: minute, hour, day of month, month, day of week",
        field=".cron",
        saying="'cron \"' + self.cron + '\" has another number of fields and needs 5: minute,"
        " hour, day of month, month, day of week'",
    ),
    Rule(
        "!has(self.everySeconds) || !has(self.timeZone) || self.timeZone == 'UTC'",
        "timeZone has no meaning with everySeconds, which counts seconds of UTC:"
        " remove it, or use cron",
    ),
)

_CAUSES = " + ".join(
    f"(has(self.{cause}) ? 1 : 0)" for cause in ("schedule", "onApply", "workflow", "webhook")
)

_TRIGGER = (
    Rule(f"{_CAUSES} > 0", "a trigger needs one of schedule, onApply, workflow and webhook"),
    Rule(
        f"{_CAUSES} < 2",
        "a trigger has one of schedule, onApply, workflow and webhook, not several: make a trigger"
        " of each",
    ),
)

_CONCURRENCY = tuple(
    Rule(
        f"!has(self.maxRuns) || !has(self.policy) || self.policy != '{policy}'",
        f"maxRuns has no meaning with policy {policy}, where one run is active: remove it, or use"
        " policy Queue",
    )
    for policy in ("Forbid", "Replace")
)

_WAIT = (
    Rule(
        "has(self.seconds) || has(self.until)",
        "a wait needs one of seconds and until: say when it ends",
    ),
    Rule(
        "!has(self.seconds) || !has(self.until)",
        "a wait has seconds or until, not both: remove one",
    ),
)

_TASK = (
    Rule(
        f"!has(self.runWhen) || !(self.runWhen in [{', '.join(map(repr, NEED_UPSTREAM))}])"
        " || has(self.dependsOn) && self.dependsOn.size() > 0",
        "can never be met without dependsOn; name the tasks to watch",
        field=".runWhen",
        saying="self.runWhen + ' can never be met without dependsOn; name the tasks to watch'",
    ),
    Rule(
        "!has(self.dependsOn) || !(self.name in self.dependsOn)",
        "waits for itself; remove it",
        field=".dependsOn",
        saying='"task \'" + self.name + "\' waits for itself; remove it"',
    ),
)

_APPROVERS = (
    Rule(
        "has(self.users) && self.users.size() > 0 || has(self.groups) && self.groups.size() > 0",
        "approvers need users or groups: say who may answer",
    ),
)

_APPROVAL_REQUEST = (
    Rule(
        "!has(self.onTimeout) || has(self.timeoutSeconds)",
        "onTimeout has no meaning without timeoutSeconds: say how long people can answer",
    ),
)

_HAS_DEFAULT_IMAGE = "has(self.defaults) && has(self.defaults.image)"
_RUNS = " || ".join(
    f"has(task.{field})" for field in ("image", "uses", "wait", "workflow", "approval")
)
"""Whether a task says what it runs."""

_WORKFLOW_SPEC = (
    Rule(
        f"{_HAS_DEFAULT_IMAGE} || self.tasks.all(task, {_RUNS})",
        "a task has no image; give an image there or in spec.defaults.image",
        field=".tasks",
    ),
    Rule(
        f"{_HAS_DEFAULT_IMAGE} || !has(self.finally) || self.finally.all(task, {_RUNS})",
        "a task has no image; give an image there or in spec.defaults.image",
        field=".finally",
    ),
)

# --- runs -------------------------------------------------------------------------------------

FIXED = (
    *("params", "logicalTime", "interval", "trigger", "triggeredBy", "delivery", "priority"),
    *("rerunOf", "cache"),
)
"""Optional fields of a run's spec that cannot be changed: all but desiredState and callerState."""

_RUN_SPEC = (
    Rule(
        "self.workflow == oldSelf.workflow",
        "workflow cannot be changed; create a new run",
        field=".workflow",
    ),
    *(
        Rule(
            f"has(self.{name}) == has(oldSelf.{name})"
            f" && (!has(self.{name}) || self.{name} == oldSelf.{name})",
            f"{name} cannot be changed; create a new run",
            field=f".{name}",
        )
        for name in FIXED
    ),
    Rule(
        "!has(oldSelf.desiredState) || oldSelf.desiredState != 'Terminate'"
        " || has(self.desiredState) && self.desiredState == 'Terminate'",
        "Terminate is final; create a new run",
        field=".desiredState",
    ),
    Rule(
        "!has(oldSelf.desiredState) || oldSelf.desiredState != 'Cancel'"
        " || has(self.desiredState) && self.desiredState in ['Cancel', 'Terminate']",
        "Cancel can only become Terminate; create a new run",
        field=".desiredState",
    ),
    Rule(
        "!has(oldSelf.desiredState) || oldSelf.desiredState != 'Stop'"
        " || has(self.desiredState) && self.desiredState in ['Stop', 'Cancel', 'Terminate']",
        "Stop can only become Cancel or Terminate; create a new run",
        field=".desiredState",
    ),
)

_INTERVAL = (Rule("self.start <= self.end", "an interval's start is not after its end: swap them"),)

_TASK_RUN_SPEC = (
    Rule("self == oldSelf", "a TaskRun's spec never changes; create a new TaskRun"),
    Rule(
        "has(self.run) == has(self.task)",
        "run and task name a task of a run: give both, or neither for a task on its own",
    ),
    Rule(
        "has(self.run) || !has(self.waitUntil)",
        "a TaskRun on its own runs a program; remove waitUntil, or write a workflow with a task"
        " that has wait",
        field=".waitUntil",
    ),
    Rule(
        "has(self.run) || !has(self.workflow)",
        "a TaskRun on its own runs a program; remove workflow, and create a WorkflowRun of it",
        field=".workflow",
    ),
    Rule(
        "has(self.run) || has(self.image)",
        "a TaskRun on its own needs an image; name one",
        field=".image",
    ),
    Rule(
        "has(self.run) || !has(self.approval)",
        "only a task of a run can ask people; remove it",
        field=".approval",
    ),
    Rule(
        "has(self.run) || !has(self.items)",
        "a TaskRun on its own has no items; remove them",
        field=".items",
    ),
)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "ApprovalRequest": _APPROVAL_REQUEST,
    "ApprovalSpec": APPROVAL_SPEC,
    "Approvers": _APPROVERS,
    "BackfillSpec": BACKFILL_SPEC,
    "Concurrency": _CONCURRENCY,
    "EnvVar": _ENV,
    "ForEach": FOR_EACH,
    "Interval": _INTERVAL,
    "NamedTask": NAMED_TASK,
    "ItemRange": ITEM_RANGE,
    "RerunOf": RERUN_OF,
    "RetryRule": _RULE,
    "RunSpec": _RUN_SPEC,
    "Schedule": _SCHEDULE,
    "Task": (*_TASK, *CACHED_TASK),
    "TaskRunSpec": (*_TASK_RUN_SPEC, *CACHED_TASK_RUN),
    "Trigger": _TRIGGER,
    "Volume": _VOLUME,
    "Wait": _WAIT,
    "WorkflowSpec": _WORKFLOW_SPEC,
}
"""By the name of the type. Its subtypes have the rules too."""


def rules_of(base: type[Any]) -> dict[str, tuple[Rule, ...]]:
    """Return the rules of all types under `base`, by name, inherited rules included."""
    return {
        model.__name__: tuple(
            rule for parent in model.__mro__ for rule in RULES.get(parent.__name__, ())
        )
        for model in _descendants(base)
    }


def _descendants(base: type[Any]) -> Iterator[type[Any]]:
    for child in base.__subclasses__():
        yield child
        yield from _descendants(child)
