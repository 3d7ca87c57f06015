"""A thousand hostile texts as arguments, values and parameters: what a program gets of them."""

import json
from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from headrace.local.arguments import arguments
from headrace.manifests.job import job
from headrace.manifests.objects import owner
from support.builders import NOON, start, task, workflow
from support.expansion import argv_of, variables_of
from support.hostile_text import OWN, hostile_texts
from support.program_bytes import by_hand

TEXTS = hostile_texts(1000)
CHUNK = 50
SECRET = {"secretKeyRef": {"name": "login", "key": "password"}}
OWNER = owner("TaskRun", "etl-1-load", "uid-2")


def values_of(texts: list[str]) -> dict[str, str]:
    """Return values for the variables that the texts name, of the texts themselves."""
    names = (*OWN, *(f"V{at}" for at in range(CHUNK)))
    return {name: texts[at % len(texts)] for at, name in enumerate(names)}


@pytest.mark.parametrize("at", range(0, len(TEXTS), CHUNK))
def test_a_program_gets_what_was_written(at: int) -> None:
    """The argument with values filled in, each variable as it is, each parameter as it is."""
    texts = TEXTS[at : at + CHUNK]
    values = values_of(texts[::-1])
    variables = tuple(
        EnvVar(name=name, value_from=SECRET)
        if name == "SECRET"
        else EnvVar(name=name, value="${{ run.name }}" if "${{" in value else value)
        for name, value in values.items()
    )
    defined = workflow(task("load", command=("sh", *texts), args=tuple(texts), env=variables))
    context = start(params=dict(zip(map(str, range(CHUNK)), texts, strict=True))).context
    request = start_attempt(defined.tasks["load"], Start(1, env=values), context, NOON)

    container = _main_of(job(request, OWNER))

    got = variables_of(container, elsewhere=values)
    want = [by_hand(text, values) for text in texts]
    others = {"Y": "never", "PATH": "never", "date": "never", "": "never", " X": "never"}
    assert ["sh", *want, *want] == argv_of(container, elsewhere=values, env_from=others)
    assert values == {name: got[name] for name in values}
    assert context.params == json.loads(got["HEADRACE_PARAMS"])
    command, args = arguments(request.work.body, {**others, "SECRET": values["SECRET"]})
    assert ["sh", *want, *want] == [*command, *args]


def _main_of(manifest: dict[str, Any]) -> dict[str, Any]:
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return dict(container)
