"""What reaches the program in a Job: `headrace.manifests.job`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.v1alpha1.pod import (
    EnvVar,
)
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from headrace.manifests.job import job
from headrace.manifests.objects import owner, task_run
from support.builders import at, start, task, workflow
from support.expansion import argv_of, variables_of

Manifest = dict[str, Any]
OWNER = owner("TaskRun", "etl-1-extract", "uid-2")


def made(number: int = 1, memory: str | None = None, **fields: Any) -> Manifest:
    """Return the Job of a task with these fields."""
    defined = workflow(task("extract", **fields)).tasks["extract"]
    return job(start(defined, number, memory), OWNER)


def pod_of(manifest: Manifest) -> Manifest:
    """Return the pod's spec in a Job."""
    spec: Manifest = manifest["spec"]["template"]["spec"]
    return spec


def main_of(manifest: Manifest) -> Manifest:
    """Return the main container in a Job."""
    (container,) = pod_of(manifest)["containers"]
    assert container["name"] == "main"
    return dict(container)


def env_of(manifest: Manifest) -> dict[str, str]:
    """Return the variables with a value; of two of one name the last one wins."""
    return {each["name"]: each.get("value", "") for each in main_of(manifest)["env"]}


def test_the_contract_is_stronger_than_a_tasks_own_variables() -> None:
    """Of two variables of one name the last one wins, and ours come last; a home may be chosen."""
    manifest = made(env=(EnvVar(name="HOME", value="/data"), EnvVar(name="LEVEL", value="debug")))
    names = [each["name"] for each in main_of(manifest)["env"]]
    assert names.index("LEVEL") < names.index("HEADRACE_TASK")
    assert ("/data", "debug", "extract") == (
        *(env_of(manifest)[name] for name in ("HOME", "LEVEL", "HEADRACE_TASK")),
    )
    assert "/tmp" == env_of(made())["HOME"]  # noqa: S108 - in the pod


def test_outputs_are_written_to_the_termination_message() -> None:
    """The program finds the file's name, and the kubelet reads it."""
    assert env_of(made())["HEADRACE_OUTPUTS"] == main_of(made())["terminationMessagePath"]


def test_references_to_secrets_are_passed_on() -> None:
    """Their values never pass through here."""
    reference = {"secretKeyRef": {"name": "db", "key": "password"}}
    manifest = made(env=(EnvVar(name="PASSWORD", value_from=reference),))
    assert {"name": "PASSWORD", "valueFrom": reference} in main_of(manifest)["env"]


HOSTILE = st.text(alphabet=st.sampled_from("$($){}é\u2028\U0001f600\"'\\\n`;aA0 "), max_size=30)


@pytest.mark.parametrize(
    "text", ["$(HOME)", "$$", "$$(HOME)", "$é", "$", "a$$b", "$(", "cost: 5$", "$(HEADRACE_PARAMS)"]
)
def test_nothing_is_substituted(text: str) -> None:
    """Not in variables, not in parameters, and least of all in what is run."""
    manifest = made(command=("sh", "-c", text), args=(text,), env=(EnvVar(name="X", value=text),))
    container = main_of(manifest)
    assert ["sh", "-c", text, text] == argv_of(container)
    assert text == variables_of(container)["X"]


def test_a_variable_of_the_task_stands_in_its_arguments() -> None:
    """The kubelet fills it in: it has the values of Secrets, and those of an `envFrom` stay out."""
    password = EnvVar(name="PASSWORD", value_from={"secretKeyRef": {"name": "db", "key": "p"}})
    manifest = made(
        command=("$(TOOL)", "--as=$(PASSWORD)"),
        args=("$(TOOL)$$", "$(OTHER) $(HEADRACE_TASK) $(HOME)"),
        env=(EnvVar(name="TOOL", value="$(TOOL) x"), password),
    )
    container = main_of(manifest)
    assert ["$(TOOL)", "--as=$(PASSWORD)"] == container["command"]
    want = ["$(TOOL) x", "--as=geheim", "$(TOOL) x$$", "$(OTHER) $(HEADRACE_TASK) $(HOME)"]
    known = {"OTHER": "of envFrom"}
    assert want == argv_of(container, elsewhere={"PASSWORD": "geheim"}, env_from=known)


def test_an_entrypoint_of_the_image_is_left_to_it() -> None:
    """A task without a command has none in its Job."""
    assert {"command", "args"}.isdisjoint(main_of(made()))


@given(HOSTILE | st.text(max_size=50))
def test_a_value_of_an_expression_arrives_as_it_is(value: str) -> None:
    """Kubernetes expands nothing in it, whoever chose it; the TaskRun shows it as it is."""
    variables = (EnvVar(name="X", value="${{ run.name }}"), EnvVar(name="HOME", value="/data"))
    defined = workflow(task("extract", env=variables)).tasks["extract"]
    request = start_attempt(defined, Start(1, env={"X": value}), start().context, at(0))
    assert value == variables_of(main_of(job(request, OWNER)))["X"]
    assert {"name": "X", "value": value} in task_run(request)["spec"]["env"]
