"""Objects as they were written, and all that is wrong with them: `headrace.api.reading.parse`."""

from typing import Any

import pytest
from kubernetes.client import V1Container, V1JobSpec, V1PodSpec

from headrace.api.reading.foreign import INSTEAD
from headrace.api.reading.parse import (
    InvalidObjectError,
    parse_backfill,
    parse_pool,
    parse_run,
    parse_task_run,
    parse_template,
    parse_workflow,
)
from headrace.api.reading.paths import path_of
from headrace.api.schema.kinds import APPROVAL, KINDS
from headrace.api.schema.openapi import Schema, structural
from headrace.api.v1alpha1.workflow import WorkflowSpec
from support.mutants import mutants
from support.times import TIMES
from support.written import Manifest, rich, run, task, task_run, workflow

READERS = {
    "Workflow": parse_workflow,
    "WorkflowRun": parse_run,
    "TaskRun": parse_task_run,
    "Pool": parse_pool,
    "Backfill": parse_backfill,
    "TaskTemplate": parse_template,
    "ClusterTaskTemplate": parse_template,
}
JARGON = (
    "input should",
    "value error",
    "pydantic",
    "instance",
    "validat",
    "nonetype",
    "tuple",
    "dict",
)


def told(manifest: Manifest) -> list[str]:
    """Return what is wrong with an object, a line each."""
    with pytest.raises(InvalidObjectError) as caught:
        READERS[manifest["kind"]](manifest)
    return [str(problem) for problem in caught.value.problems]


CASES = [
    pytest.param(
        workflow(task(retires=3)),
        "spec.tasks[0].retires: there is no such field; did you mean 'retry'?",
        id="a typing error",
    ),
    pytest.param(
        workflow(task(memoryFactorPercent=3)),
        "spec.tasks[0].memoryFactorPercent: there is no such field;"
        " did you mean 'retry.rules[].memoryFactorPercent'?",
        id="a field of another place",
    ),
    pytest.param(
        workflow(task(imagePullPolicy="always")),
        "spec.tasks[0].imagePullPolicy: 'always' is not known; did you mean 'Always'?"
        " Allowed: Always, IfNotPresent, Never",
        id="a value in another case",
    ),
    pytest.param(
        workflow(task(), defaults={"workingDir": "data"}),
        "spec.defaults.workingDir: 'data' is not allowed; use an absolute path, like /work",
        id="a relative folder",
    ),
    pytest.param(
        workflow(task(terminationGracePeriodSeconds=0)),
        "spec.tasks[0].terminationGracePeriodSeconds: is 0; must be 1 to 600",
        id="no time to end",
    ),
    pytest.param(
        workflow(task(terminationGracePeriodSeconds=601)),
        "spec.tasks[0].terminationGracePeriodSeconds: is 601; must be 1 to 600",
        id="more than ten minutes to end",
    ),
    pytest.param(
        workflow(task(volumes=[{"name": "a", "image": {"pullPolicy": "always"}}])),
        "spec.tasks[0].volumes[0].image.pullPolicy: is not an allowed value; allowed: Always,"
        " IfNotPresent, Never",
        id="the same of a volume's image",
    ),
    pytest.param(
        workflow(task(hostNetwork=True)),
        "spec.tasks[0].hostNetwork: there is no such field; the restricted Pod Security level"
        " forbids it; remove it",
        id="a field that people know from pods",
    ),
    pytest.param(
        workflow(timeouts={"zzz": 3}),
        "spec.timeouts.zzz: there is no such field; the fields are: finallySeconds, runSeconds",
        id="a field like no other",
    ),
    pytest.param(
        {**workflow(), "tasks": []},
        "tasks: there is no such field; did you mean 'spec.tasks'?",
        id="a field outside of spec",
    ),
    pytest.param(
        workflow({"image": "a"}),
        "spec.tasks[0].name: is missing; name of the task, unique in the workflow",
        id="a missing field",
    ),
    pytest.param(
        {"kind": "Workflow", "metadata": {"name": "a"}},
        "spec: is missing; spec is what the workflow does",
        id="no spec",
    ),
    pytest.param(
        {"kind": "Workflow", "spec": []},
        "spec: must be an object (lines of field: value), not a list; change it",
        id="a list for an object",
    ),
    pytest.param(
        workflow(task(forEach=["a", "b"])),
        "spec.tasks[0].forEach: must be an object (lines of field: value), not a list;"
        " write forEach: {items: […]}",
        id="items without their field",
    ),
    pytest.param(
        workflow(task(wait=60)),
        "spec.tasks[0].wait: must be an object (lines of field: value), not a number;"
        " write wait: {seconds: …}",
        id="a time without its field",
    ),
    pytest.param(
        workflow(task(approval="Go on?")),
        "spec.tasks[0].approval: must be an object (lines of field: value), not text;"
        " write approval: {message: …}",
        id="a question without its field",
    ),
    pytest.param(
        workflow(task(retry={"limit": "3"})),
        "spec.tasks[0].retry.limit: must be a whole number, not text; remove the quotes",
        id="a number in quotes",
    ),
    pytest.param(
        workflow(suspend="true"),
        "spec.suspend: must be true or false, not text; remove the quotes",
        id="true in quotes",
    ),
    pytest.param(
        workflow(task(retry={"limit": True})),
        "spec.tasks[0].retry.limit: must be a whole number, not true or false; change it",
        id="true for a number",
    ),
    pytest.param(
        workflow(task(timeouts={"attemptSeconds": 1.5})),
        "spec.tasks[0].timeouts.attemptSeconds: must be a whole number, not a number with a"
        " fraction; change it",
        id="a fraction",
    ),
    pytest.param(
        workflow(task(args=["a", 1])),
        "spec.tasks[0].args[1]: must be text, not a number; put it in quotes",
        id="a number for text",
    ),
    pytest.param(
        workflow(task(args=["a", None])),
        "spec.tasks[0].args[1]: has no value; give one, or remove the field",
        id="an element without a value",
    ),
    pytest.param(
        workflow(task(command="run")),
        'spec.tasks[0].command: must be a list, not text; write "- " before each element,'
        " or [ ] around them",
        id="text for a list",
    ),
    pytest.param(
        workflow(task(timeouts={"attemptSeconds": 0})),
        "spec.tasks[0].timeouts.attemptSeconds: is 0; must be 1 to 31536000",
        id="a number out of bounds",
    ),
    pytest.param(
        workflow(task("a" * 64)),
        "spec.tasks[0].name: has 64 characters; at most 63 are allowed: shorten it",
        id="a name too long",
    ),
    pytest.param(
        workflow(task("Load Data")),
        "spec.tasks[0].name: 'Load Data' is not allowed; use lower-case letters, digits and '-',"
        " beginning with a letter and ending with a letter or digit; did you mean 'load-data'?",
        id="a name in another style",
    ),
    pytest.param(
        workflow(task(image="")),
        "spec.tasks[0].image: is empty; give it a value, or leave the field out",
        id="empty text",
    ),
    pytest.param(
        {"kind": "Workflow", "spec": {"tasks": []}},
        "spec.tasks: is empty; give at least 1",
        id="an empty list",
    ),
    pytest.param(
        workflow(task(imagePullSecrets=[{"name": f"s{number}"} for number in range(17)])),
        "spec.tasks[0].imagePullSecrets: has 17 elements; at most 16 are allowed: remove some",
        id="too many elements",
    ),
    pytest.param(
        workflow(task(resources={"limits": {"memory": "4 GB"}})),
        "spec.tasks[0].resources.limits.memory: '4 GB' is not allowed; use a number with one of the"
        " units m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or none, like 500m or 512Mi;"
        " did you mean '4G'?",
        id="a unit that Kubernetes does not have",
    ),
    pytest.param(
        workflow(task(resources={"limits": {"cpu": 0.5}})),
        "spec.tasks[0].resources.limits.cpu: must be an amount like 500m, 2 or 512Mi, not a number"
        " with a fraction; put it in quotes",
        id="a fraction of a core",
    ),
    pytest.param(
        {"kind": "WorkflowRun", "spec": {"workflow": "etl", "params": {"code": 1}}},
        "spec.params: must be a list, not an object; write an element for each name:"
        " - {name: 'code', value: …}",
        id="names with values for a list of parameters",
    ),
    pytest.param(
        workflow(
            task(
                podAnnotations={"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}
            )
        ),
        "spec.tasks[0].podAnnotations: container.apparmor.security.beta.kubernetes.io/main would"
        " weaken the container's confinement; remove it: tasks have the runtime's default profiles",
        id="an annotation that takes AppArmor's profile away",
    ),
    pytest.param(
        workflow(task(volumes=[{"name": "x", "projected": {"sources": [{"podCertificate": {}}]}}])),
        "spec.tasks[0].volumes[0].projected: 'podCertificate' cannot be projected; use configMap,"
        " secret, downwardAPI, serviceAccountToken or clusterTrustBundle",
        id="a certificate in a projected volume",
    ),
    pytest.param(
        workflow(task(volumes=[{"name": "x", "projected": {"sources": [None]}}])),
        "spec.tasks[0].volumes[0].projected: sources must be a list of objects, like"
        " - secret: {name: login}",
        id="a projected volume with a hole",
    ),
    pytest.param(
        workflow(task(volumes={"data": {"emptyDir": {}}})),
        "spec.tasks[0].volumes: must be a list, not an object; write an element for each name:"
        " - {name: 'data', …}",
        id="names with values for a list of volumes",
    ),
    pytest.param(
        workflow(task(env={"name": "A", "value": "b"})),
        'spec.tasks[0].env: must be a list, not an object; write "- " before each element,'
        " or [ ] around them",
        id="one element for a list",
    ),
    pytest.param(
        workflow(onFailure="stop"),
        "spec.onFailure: 'stop' is not known; did you mean 'Stop'? Allowed: Continue, Stop",
        id="another letter case",
    ),
    pytest.param(
        workflow(params=[{"name": "a", "default": ["x"]}]),
        "spec.params[0].default: must be text, a whole number, or true or false",
        id="a list for a value",
    ),
    pytest.param(
        workflow(params=[{"name": "a", "type": "Boolean", "default": "no"}]),
        'spec.params[0].default: "no" is not of type Boolean; change it, or the parameter\'s type',
        id="a default of another type",
    ),
    pytest.param(
        workflow(task(securityContext={"runAsUser": 0})),
        "spec.tasks[0].securityContext.runAsUser: is 0; must be 1 to 2147483647",
        id="root",
    ),
    pytest.param(
        workflow(task(podLabels={"a/b": "-"})),
        "spec.tasks[0].podLabels[\"a/b\"]: '-' is not allowed; use letters, digits, '-', '_' and"
        " '.', beginning and ending with a letter or digit",
        id="a value of a map",
    ),
    pytest.param(
        run(logicalTime="yesterday"),
        "spec.logicalTime: must be a time with its zone, like 2026-11-22T02:30:00Z,"
        " not 'yesterday'",
        id="no time",
    ),
    pytest.param(
        run(logicalTime="0001-01-01T00:00:00+05:00"),
        "spec.logicalTime: '0001-01-01T00:00:00+05:00' is too far away; give a time in the years"
        " 1000 to 8999",
        id="a time that has no date everywhere",
    ),
    pytest.param(
        run(logicalTime=1_700_000_000),
        "spec.logicalTime: must be a time with its zone, like 2026-11-22T02:30:00Z,"
        " not a number; put it in quotes",
        id="a number for a time",
    ),
    pytest.param(
        run(params=[{"name": "a", "value": 1}, {"name": "a", "value": 2}]),
        "spec.params[1].name: 'a' is listed twice; keep one",
        id="a param twice",
    ),
    pytest.param(
        run(params=[{"name": "a", "value": 2**63}]),
        "spec.params[0].value: is too large a number; write the number as text",
        id="a number that JSON cannot keep",
    ),
    pytest.param(
        task_run(run="stock-1"),
        "spec.run: run and task name a task of a run: give both, or neither for a task on its own",
        id="half a task of a run",
    ),
    pytest.param(
        {"kind": "TaskRun", "metadata": {"labels": {"a": 1}}, "spec": {"image": "a"}},
        "metadata.labels.a: must be text, not a number; put it in quotes",
        id="a number as label",
    ),
]


@pytest.mark.parametrize(("manifest", "want"), CASES)
def test_a_mistake_is_told_with_field_and_cure(manifest: Manifest, want: str) -> None:
    """One friendly sentence: where, what, and what to do."""
    assert want in told(manifest)


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody mends one, runs the check again and finds the next."""
    manifest = workflow(task("A"), task("b", limit=1), {}, name="x" * 60, suspend=1)
    assert {
        "metadata.name",
        "spec.suspend",
        "spec.tasks[0].name",
        "spec.tasks[1].limit",
        "spec.tasks[2].name",
    } == {line.partition(": ")[0] for line in told(manifest)}


def test_a_name_is_needed_if_there_is_metadata() -> None:
    """An object that came from the API server has one, and is read without its metadata."""
    unnamed = {**workflow(), "metadata": {"labels": {}}}
    assert ["metadata.name: is missing; give the Workflow a name"] == told(unnamed)
    half = {**workflow(), "metadata": {"generateName": ""}}
    assert ["metadata.name: is missing; give the Workflow a name"] == told(half)
    made = {**workflow(), "metadata": {"generateName": "stock-"}}
    assert parse_workflow(made) == parse_workflow({"spec": made["spec"]})


WRONG_NAMES = [
    pytest.param(False, "must be text, not true or false; put it in quotes", id="YAML's n"),
    pytest.param(["x" * 60], "must be text, not a list; change it", id="a list"),
    pytest.param("", "is empty; give it a value, or leave the field out", id="empty"),
    pytest.param("x" * 60, "a Workflow's name has at most 52 characters: its", id="too long"),
    pytest.param("x" * 300, "a Workflow's name has at most 52 characters: its", id="far too long"),
    pytest.param("A", "'A' is not allowed; use lower-case letters", id="one letter"),
]


@pytest.mark.parametrize(("name", "want"), WRONG_NAMES)
def test_a_wrong_name_is_told_once(name: Any, want: str) -> None:
    """What is there and is no name is not missing as well."""
    lines = told({**workflow(), "metadata": {"name": name}})
    assert [True] == [line.startswith(f"metadata.name: {want}") for line in lines], lines


def test_a_field_that_is_needed_is_not_to_be_left_out() -> None:
    """Its cure is a value."""
    assert ["spec.tasks[0].name: is empty; give it a value"] == told(workflow(task("")))


def test_a_field_without_a_value_is_left_out() -> None:
    """`env:` with nothing after it is no env, as the API server has it."""
    assert parse_workflow(workflow(task(env=None))) == parse_workflow(workflow(task()))


def test_a_whole_number_is_an_amount() -> None:
    """`cpu: 2` is what Kubernetes' own quantities take."""
    read = parse_workflow(workflow(task(resources={"limits": {"cpu": 2}})))
    resources = read.tasks[0].resources
    assert resources is not None
    assert {"cpu": "2"} == resources.limits


def test_values_of_variables_are_never_shown() -> None:
    """A message goes to logs, Events and the status; what is wrong there may be a secret."""
    for value in (31337, True, ["31337"], {"31337": 1}, "31337" * 10_000):
        lines = told(workflow(task(env=[{"name": "PASSWORD", "value": value}])))
        assert not [line for line in lines if "31337" in line]


@pytest.mark.parametrize("manifest", rich(), ids=lambda manifest: manifest["kind"])
def test_rich_objects_are_valid(manifest: Manifest) -> None:
    """The examples that use every field are read without a complaint."""
    READERS[manifest["kind"]](manifest)


def uses(schema: Schema, values: list[Any], path: str = "spec") -> set[str]:
    """Return the fields of a schema that none of the values uses."""
    unused = set()
    for name, inner in schema.get("properties", {}).items():
        given = [each[name] for each in values if name in each]
        if given:
            unused |= uses(inner, given, f"{path}.{name}")
        else:
            unused.add(f"{path}.{name}")
    if "items" in schema:
        unused |= uses(schema["items"], [each for value in values for each in value], f"{path}[]")
    return unused


WRITTEN = [kind for kind in KINDS if kind is not APPROVAL]
"""The kinds that people write; the controller writes an Approval."""

SHARED = ("defaults", "tasks", "finally")
"""Fields of a Workflow whose elements have the same fields: one that uses each is enough."""


@pytest.mark.parametrize("kind", WRITTEN, ids=[kind.name for kind in WRITTEN])
def test_the_rich_objects_use_every_field(kind: Any) -> None:
    """A new field must be added there, so that its way through a real API server is tested."""
    specs = [manifest["spec"] for manifest in rich() if manifest["kind"] == kind.name]
    unused = uses(structural(kind.spec), specs)
    if kind.name == "Workflow":
        unused = {path for path in unused if not path.startswith(("spec.defaults", "spec.finally"))}
    if kind.name == "TaskRun":
        tasks = [task for manifest in rich() for task in manifest["spec"].get("tasks", ())]
        unused &= uses(structural(kind.spec), tasks)
    assert set() == unused


@pytest.mark.parametrize("manifest", rich(), ids=lambda manifest: manifest["metadata"]["name"])
def test_any_value_at_any_place_is_read_or_refused_in_plain_words(manifest: Manifest) -> None:
    """No value ends in another error, and no message speaks of the library underneath."""
    for steps, mutant in mutants(manifest):
        try:
            READERS[manifest["kind"]](mutant)
        except InvalidObjectError as error:
            for problem in error.problems:
                words = problem.message.lower()
                assert not [each for each in JARGON if each in words], (steps, problem)
                assert problem.path, (steps, problem)


@pytest.mark.parametrize(("text", "is_time"), TIMES.items())
def test_a_time_is_what_the_api_server_takes_for_one(
    text: str,
    is_time: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Python's library reads more forms; they would be refused later, on the cluster."""
    manifest = run(logicalTime=text)
    if is_time:
        assert parse_run(manifest).logical_time is not None
    else:
        (problem,) = told(manifest)
        assert problem.startswith("spec.logicalTime: ")
        assert repr(text) in problem


def test_each_field_known_from_elsewhere_is_unknown_here() -> None:
    """Advice on what to write instead is for fields that do not exist."""
    fields: set[str] = set()
    for kind in KINDS:
        fields |= names(structural(kind.spec))
    # These exist, in other places than people look for them.
    assert {"cache", "schedule", "timeoutSeconds"} == fields & INSTEAD.keys()


GUESSED = {"serviceAccount"}
"""Fields of a pod whose cure is the field that looks like it."""


@pytest.mark.parametrize("model", [V1PodSpec, V1Container, V1JobSpec])
def test_no_field_of_a_pod_is_taken_for_another(model: Any) -> None:
    """`imagePullPolicy` was once told as `did you mean 'imagePullSecrets'?`."""
    ours = structural(WorkflowSpec)["properties"]["tasks"]["items"]["properties"]
    for field in set(model.attribute_map.values()) - ours.keys() - GUESSED:
        lines = told(workflow(task(**{field: "x"})))
        assert [] == [line for line in lines if "did you mean" in line]


def names(schema: Schema) -> set[str]:
    """Return the names of all fields of a schema."""
    found = set(schema.get("properties", ()))
    for inner in (*schema.get("properties", {}).values(), schema.get("items", {})):
        found |= names(inner) if inner else set()
    return found


def test_paths_of_problems_are_paths_of_the_object() -> None:
    """The program finds the line of a problem by its path."""
    lines = told(workflow(task(podLabels={"example.com/x": "-"})))
    path = path_of(("spec", "tasks", 0, "podLabels", "example.com/x"))
    assert [path] == [line.partition(": ")[0] for line in lines]


def test_what_is_nested_without_end_is_told_with_its_field() -> None:
    """Parts that Kubernetes defines could be nested as deep as the API server allows."""
    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    (line,) = told(workflow(task(affinity=deep)))
    assert "spec.tasks[0].affinity: is nested more than 64 levels deep; no field needs that" == line


def test_the_first_of_very_many_problems_are_told() -> None:
    """Each takes time; somebody who has a hundred thousand begins with these."""
    assert 50 == len(told(workflow(**{f"field{number}": 1 for number in range(100_000)})))
