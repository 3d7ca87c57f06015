"""The API server's rules and the validators of the types agree: `headrace.api.schema.rules`."""

from typing import Any

import pytest

from headrace.api.reading.parse import (
    InvalidObjectError,
    parse_backfill,
    parse_pool,
    parse_run,
    parse_task_run,
    parse_template,
    parse_workflow,
)
from headrace.api.schema.name_limits import MAX_NAME, NAME_TOO_LONG, NOT_A_VERSION, TEMPLATES
from headrace.api.schema.openapi import structural
from headrace.api.schema.rules import NEED_UPSTREAM, RULES, VOLUME_SOURCES
from headrace.api.v1alpha1.volume import Volume
from headrace.engine.definition import run_when
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError
from support.written import Manifest, backfill, pool, run, task, task_run, template, workflow

READERS = {
    "Workflow": parse_workflow,
    "WorkflowRun": parse_run,
    "TaskRun": parse_task_run,
    "Pool": parse_pool,
    "Backfill": parse_backfill,
    "TaskTemplate": parse_template,
    "ClusterTaskTemplate": parse_template,
}


def told(manifest: Manifest) -> str:
    """Return all that is said against an object, by the types and by the engine."""
    try:
        spec = READERS[manifest["kind"]](manifest)
        if manifest["kind"] == "Workflow":
            compile_workflow(parse_workflow(manifest))
    except (InvalidObjectError, InvalidDefinitionError) as error:
        return str(error)
    return f"nothing against {spec}"


def rule(**fields: Any) -> Manifest:
    """Return a workflow with a retry rule."""
    return workflow(task(retry={"rules": [fields]}))


def schedule(**fields: Any) -> Manifest:
    """Return a workflow with a schedule."""
    return workflow(triggers=[{"schedule": fields}])


def ask(**fields: Any) -> Manifest:
    """Return a workflow with a question."""
    return workflow({"name": "ask", "approval": {"message": "Go on?", **fields}})


def for_each(**fields: Any) -> Manifest:
    """Return a workflow with a task over items."""
    return workflow(task(forEach=fields))


def using(**fields: Any) -> Manifest:
    """Return a task with a template."""
    return {"name": "a", "uses": "http@v1", **fields}


CRON = {"cron": "@daily"}
CACHED = {"cache": {"key": "'k'"}}
BROKEN = {
    ("RetryRule", 0): rule(action="Fail"),
    ("RetryRule", 1): rule(action="Fail", exitCodes=[1], memoryFactorPercent=150),
    ("RetryRule", 2): rule(action="Retry", exitCodes=[1], maxMemory="1Gi"),
    ("EnvVar", 0): workflow(task(env=[{"name": "HEADRACE_RUN"}])),
    ("EnvVar", 1): workflow(
        task(env=[{"name": "A", "value": "", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}])
    ),
    ("Volume", 0): workflow(task(volumes=[{"name": "a"}])),
    ("Schedule", 0): schedule(),
    ("Schedule", 1): schedule(**CRON, everySeconds=60),
    ("Schedule", 2): schedule(cron="* * * *"),
    ("Schedule", 3): schedule(everySeconds=60, timeZone="Europe/Berlin"),
    ("Trigger", 0): workflow(triggers=[{}]),
    ("Trigger", 1): workflow(triggers=[{"schedule": CRON, "onApply": {}}]),
    ("Concurrency", 0): workflow(concurrency={"policy": "Forbid", "maxRuns": 2}),
    ("Concurrency", 1): workflow(concurrency={"policy": "Replace", "maxRuns": 2}),
    ("Task", 0): workflow(task(runWhen="OneFailed")),
    ("Task", 1): workflow(task(dependsOn=["extract"])),
    ("Task", 2): workflow({"name": "a", "wait": {"seconds": 1}, **CACHED}),
    ("Task", 3): workflow({"name": "a", "workflow": {"name": "stock"}, **CACHED}),
    ("Task", 4): workflow({"name": "a", "approval": {"message": "Go on?"}, **CACHED}),
    ("Task", 5): workflow(task(forEach={"items": [1]}, **CACHED)),
    ("NamedTask", 0): workflow(using(image="busybox")),
    ("NamedTask", 1): workflow(using(command=["true"])),
    ("NamedTask", 2): workflow(using(args=["a"])),
    ("NamedTask", 3): workflow(using(outputs=[{"name": "rows"}])),
    ("WorkflowSpec", 0): workflow({"name": "a"}),
    ("WorkflowSpec", 1): workflow(**{"finally": [{"name": "a"}]}),
    ("Interval", 0): run(interval={"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}),
    ("RerunOf", 0): run(rerunOf={"name": "stock-1", "from": "Task"}),
    ("RerunOf", 1): run(rerunOf={"name": "stock-1", "task": "a"}),
    ("RerunOf", 2): run(rerunOf={"name": "stock-1", "downstreamOnly": True}),
    ("Approvers", 0): ask(approvers={}),
    ("ApprovalRequest", 0): ask(onTimeout="approve"),
    ("TaskRunSpec", 1): task_run(run="stock-1"),
    ("TaskRunSpec", 2): {**task_run(), "spec": {"waitUntil": "2030-01-01T00:00:00Z"}},
    ("TaskRunSpec", 3): {**task_run(), "spec": {"workflow": {"name": "stock"}}},
    ("TaskRunSpec", 4): {**task_run(), "spec": {}},
    ("TaskRunSpec", 5): task_run(approval={"message": "Go on?"}),
    ("TaskRunSpec", 6): task_run(items={"total": 3, "configMaps": 1}),
    ("TaskRunSpec", 7): task_run(cacheHash="9f86d081"),
    ("BackfillSpec", 0): backfill(to="2025-01-01T00:00:00Z"),
    ("BackfillSpec", 1): backfill(step="Seconds"),
    ("BackfillSpec", 2): backfill(stepSeconds=60),
    ("BackfillSpec", 3): backfill(timeZone="Europe/Berlin"),
    ("Wait", 0): workflow({"name": "a", "wait": {}}),
    ("Wait", 1): workflow({"name": "a", "wait": {"seconds": 1, "until": "run.logicalTime"}}),
    ("ForEach", 0): for_each(**{"from": "[1]", "range": {"count": 3}}),
    ("ItemRange", 0): for_each(range={"from": 1}),
    ("ItemRange", 1): for_each(range={"from": 3, "to": 2}),
}
"""By type and number of a rule: an object that breaks it."""

SAID_APART = {
    ("WorkflowSpec", 0): "give an image here or in spec.defaults.image",
    ("WorkflowSpec", 1): "give an image here or in spec.defaults.image",
}
"""Where the API server cannot name the element, and the engine does."""

OVER_TIME = {
    (name, index)
    for name, rules in RULES.items()
    for index, each in enumerate(rules)
    if "oldSelf" in each.cel
}
"""Rules about a change: an object alone cannot break them. The tests on a cluster do."""


def test_each_rule_has_an_object_that_breaks_it() -> None:
    """A rule that is not in the table above would not be compared."""
    every = {(name, index) for name, rules in RULES.items() for index in range(len(rules))}
    assert every - OVER_TIME == set(BROKEN)


@pytest.mark.parametrize("which", BROKEN, ids=lambda which: f"{which[0]} {which[1]}")
def test_validators_say_what_the_rule_says(which: tuple[str, int]) -> None:
    """The same words come from the API server, the program and the controller."""
    name, index = which
    want = SAID_APART.get(which, RULES[name][index].message)
    assert want in told(BROKEN[which])


@pytest.mark.parametrize("kind", MAX_NAME)
def test_names_are_as_long_as_labels_allow(kind: str) -> None:
    """The longest name is accepted; one character more is not, and the cure is named."""
    builders = {
        "Workflow": workflow,
        "WorkflowRun": run,
        "TaskRun": task_run,
        "Pool": pool,
        "Backfill": backfill,
    }
    build = builders[kind]
    longest = "a" * MAX_NAME[kind]
    assert "nothing against" in told(build(name=longest))
    assert f"metadata.name: {NAME_TOO_LONG[kind]}" == told(build(name=f"{longest}a"))


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("http.v1", True),
        ("load-orders.v12", True),
        ("http", False),
        ("http-v1", False),
        ("http.v0", False),
        ("http.v1.2", False),
        ("a.b.v1", False),
        (f"{'a' * 64}.v1", True),
        (f"{'a' * 65}.v1", False),
    ],
)
def test_the_name_of_a_template_ends_with_its_version(kind: str, name: str, *, fits: bool) -> None:
    """Tasks name both, so the object has both."""
    want = "nothing against" if fits else f"metadata.name: {NOT_A_VERSION}"
    assert told(template(name=name, kind=kind)).startswith(want)


def test_a_derived_name_may_be_longer() -> None:
    """A TaskRun of a run is named after the run and the task, and no label has its name."""
    derived = task_run(name="a" * 127, run="stock-1", task="extract")
    assert "nothing against" in told(derived)


def test_lists_of_words_in_rules_are_those_of_the_types() -> None:
    """CEL cannot see the types, so these lists are written twice."""
    assert {str(each) for each in run_when.NEED_UPSTREAM} == set(NEED_UPSTREAM)
    assert set(structural(Volume)["properties"]) - {"name"} == set(VOLUME_SOURCES)
