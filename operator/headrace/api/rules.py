"""
What the API server checks beyond types and bounds: CEL rules, by type.

The validators of the types say the same with the same words; a test compares them. Rules that would
cost the API server too much (a cycle, an unknown task) are not here but in
`headrace.engine.definition`. Knows no resource.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VOLUME_SOURCES=("configMap","secret","emptyDir","persistentVolumeClaim","projected","downwardAPI","csi","ephemeral","image")
NEEDS_UPSTREAM = ('OneFailed','OneSucceeded','OneDone','AllDoneMinOneSucceeded','NoneFailedMinOneSucceeded')


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over an object of a type, which is `self`."""

    cel: str
    """True where the object is as it should be (https://kubernetes.io/docs/reference/using-api/cel/)."""
    message: str
    field: str = ""
    """The field that the rule is about, where it is one: `.timeZone`."""
    saying: str = ""
    """CEL that makes the message, where it should name something."""

    def written(self) -> dict[str, Any]:
        """Return the rule as a schema has it."""
        parts = {
            "rule": self.cel,
            "message": self.message,
            "messageExpression": self.saying,
            "fieldPath": self.field,
        }
        return {key: value for key, value in parts.items() if value}


MAX_NAME = {"Workflow": 52, "WorkflowRun": 63, "TaskRun": 63}
"""How many characters a name may have: a run's name is its workflow's and 11 more, and it is the
value of a label. The name of a TaskRun in a run is derived, and no label's value."""

NAME_TOO_LONG = {
    "Workflow": "a Workflow's name has at most 52 characters: its runs add 11 to it; shorten it",
    "WorkflowRun": "a WorkflowRun's name has at most 63 characters, as a label's value; shorten it",
    "TaskRun": "the name of a TaskRun on its own has at most 63 characters, as a label's value;"
    " shorten it",
}

NAME_RULES = {
    kind: Rule(
        f"self.metadata.name.size() <= {MAX_NAME[kind]}{' || has(self.spec.run)' * (kind == 'TaskRun')}",
        f"metadata.name: {message}",
    )
    for kind, message in NAME_TOO_LONG.items()
}


def name_problem(kind: str, name: str, spec: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an object's name, if it is too long."""
    derived = kind == "TaskRun" and "run" in spec
    return None if derived or len(name) <= MAX_NAME[kind] else NAME_TOO_LONG[kind]


RULES: Mapping[str, tuple[Rule, ...]] = {
    "RetryRule": (
        Rule(
            "has(self.exitCodes) && self.exitCodes.size() > 0"
            " || has(self.reasons) && self.reasons.size() > 0",
            "a rule needs exitCodes or reasons: name what it is about",
        ),
        Rule(
            "!has(self.memoryFactorPercent) || self.action != 'Fail'",
            "memoryFactorPercent needs action Retry or Ignore: Fail ends the task",
            ".memoryFactorPercent",
        ),
        Rule(
            "!has(self.maxMemory) || has(self.memoryFactorPercent)",
            "maxMemory has no meaning without memoryFactorPercent: say by how much to raise",
            ".maxMemory",
        ),
    ),
    "EnvVar": (
        Rule(
            "!self.name.startsWith('HEADRACE_')",
            "names that start with HEADRACE_ are Headrace's own; choose another",
            ".name",
        ),
        Rule(
            "!has(self.value) || !has(self.valueFrom)",
            "give value or valueFrom, not both",
        ),
    ),
    "Volume": (
        Rule(
            " + ".join(f"(has(self.{each}) ? 1 : 0)" for each in VOLUME_SOURCES) + " == 1",
            "a volume has exactly one source: configMap, secret, emptyDir, persistentVolumeClaim,"
            " projected, downwardAPI, csi, ephemeral or image",
        ),
    ),
    "Schedule": (
        Rule(
            "has(self.cron) || has(self.everySeconds)",
            "a schedule needs one of cron and everySeconds: say when it fires",
        ),
        Rule(
            "!has(self.cron) || !has(self.everySeconds)",
            "a schedule has cron or everySeconds, not both: take one out",
        ),
        Rule(
            "!has(self.cron) || self.cron.matches(r'^\\s*(@\\w+|\\S+(\\s+\\S+){4})\\s*$')",
            "cron needs 5 fields: minute, hour, day of month, month, day of week; or a name like"
            " @daily",
            ".cron",
        ),
        Rule(
            "!has(self.everySeconds) || !has(self.timeZone) || self.timeZone == 'UTC'",
            "timeZone has no meaning with everySeconds, which counts seconds of UTC: take it out,"
            " or use cron",
            ".timeZone",
        ),
    ),
    "Trigger": (
        Rule(
            "has(self.schedule) || has(self.onApply)",
            "a trigger needs one of schedule and onApply",
        ),
        Rule(
            "!has(self.schedule) || !has(self.onApply)",
            "a trigger has schedule or onApply: make two triggers of it",
        ),
    ),
    "Concurrency": (
        Rule(
            "!has(self.maxRuns) || !has(self.policy) || !(self.policy in ['Forbid', 'Replace'])",
            "maxRuns has no meaning with policy Forbid or Replace, where one run is active: take it"
            " out, or use policy Queue",
            ".maxRuns",
        ),
    ),
    "Task": (
        Rule(
            f"!has(self.runWhen) || !(self.runWhen in {list(map(str,NEEDS_UPSTREAM))})"
            " || has(self.dependsOn) && self.dependsOn.size() > 0",
            "can never be met without dependsOn; name the tasks to watch",
            ".runWhen",
        ),
        Rule(
            "!has(self.dependsOn) || !(self.name in self.dependsOn)",
            "the task waits for itself; remove it",
            ".dependsOn",
        ),
    ),
    "WorkflowSpec": (
        Rule(
            "has(self.defaults) && has(self.defaults.image)"
            " || self.tasks.all(task, has(task.image))",
            "each task needs an image: give it there or in spec.defaults.image",
            ".tasks",
        ),
        Rule(
            "has(self.defaults) && has(self.defaults.image)"
            " || !has(self.finally) || self.finally.all(task, has(task.image))",
            "each finally task needs an image: give it there or in spec.defaults.image",
            ".finally",
        ),
        Rule(
            "!has(self.finally)"
            " || !self.finally.exists(last, self.tasks.exists(task, task.name == last.name))",
            "a finally task has the name of another task; choose a different one",
            ".finally",
        ),
    ),
    "RunSpec": (
        Rule("self.workflow == oldSelf.workflow", "a run's workflow cannot be changed; create a new run",".workflow"),
        Rule("has(self.params) == has(oldSelf.params) && (!has(self.params) || self.params == oldSelf.params)", "cannot be changed; create a new run",".params"),
        Rule("has(self.logicalTime) == has(oldSelf.logicalTime) && (!has(self.logicalTime) || self.logicalTime == oldSelf.logicalTime)", "cannot be changed; create a new run",".logicalTime"),
        Rule("has(self.interval) == has(oldSelf.interval) && (!has(self.interval) || self.interval == oldSelf.interval)", "cannot be changed; create a new run",".interval"),
        Rule("has(self.trigger) == has(oldSelf.trigger) && (!has(self.trigger) || self.trigger == oldSelf.trigger)", "cannot be changed; create a new run",".trigger"),
        Rule("!has(oldSelf.desiredState) || oldSelf.desiredState != 'Cancel' || has(self.desiredState) && self.desiredState == 'Cancel'", "Cancel is final; create a new run",".desiredState"),
        Rule("!has(oldSelf.desiredState) || oldSelf.desiredState != 'Stop' || has(self.desiredState) && self.desiredState in ['Stop','Cancel']", "Stop can only become Cancel; create a new run",".desiredState"),
    ),
    "Interval": (
        Rule("self.start <= self.end", "an interval's start is not after its end: exchange them", ".start"),
    ),
    "TaskRunSpec": (
        Rule("self == oldSelf", "a TaskRun's spec never changes; create a new TaskRun"),
        Rule("has(self.run) == has(self.task)", "run and task come together or not at all"),
        Rule("has(self.run) || has(self.image)", "a TaskRun on its own needs an image", ".image"),
    ),
}


def rules_of(base: type) -> dict[str, tuple[Rule, ...]]:
    """Return the rules of all types under `base`, by name, with those that they inherit."""
    return {
        each.__name__: tuple(rule for parent in each.__mro__ for rule in RULES.get(parent.__name__, ()))
        for each in _descendants(base)
    }


def _descendants(base: type) -> Iterator[type]:
    for child in base.__subclasses__():
        yield child
        yield from _descendants(child)
