"""Definitions compiled beside the event loop, and a bounded amount of them: the `compiler`."""

import asyncio
from typing import Any

import pytest
from msgspec import Raw, json

from headrace.cluster import compiler
from headrace.cluster.compiler import SMALL, Compiler, UnusableError
from headrace.cluster.definitions import Definitions
from headrace.engine.definition.compile import Definition
from headrace.kube.objects import Meta
from headrace.manifests.kube import WorkflowObject
from support.plumbing import no_templates


def spec(tasks: int, **more: Any) -> bytes:
    each = [{"name": f"t{n}", "command": ["true"], "env": [{"name": "A"}]} for n in range(tasks)]
    return json.encode({"defaults": {"image": "busybox"}, "tasks": each, **more})


LARGE = spec(1000)


async def test_a_large_definition_does_not_hold_the_event_loop() -> None:
    """Leases are renewed and events are read while one is compiled."""
    assert compiler.size(LARGE) > SMALL
    work = asyncio.ensure_future(Compiler().compile(LARGE))
    turns = 0
    while not work.done():
        await asyncio.sleep(0)
        turns += 1
    assert 1000 == len(work.result().tasks)
    assert turns > 10, "others had no turn meanwhile"


async def test_a_small_definition_is_there_at_once() -> None:
    """A thread would cost more than it saves."""
    compiling = Compiler().compile(spec(1))
    with pytest.raises(StopIteration) as done:
        compiling.send(None)
    assert ["t0"] == list(done.value.value.tasks)


@pytest.mark.parametrize("tasks", [1, 1000], ids=["in the loop", "in a thread"])
async def test_what_is_wrong_is_told(tasks: int) -> None:
    """In the same words, wherever it was compiled."""
    wrong = spec(tasks, triggers=[{"schedule": {"cron": "no"}}])
    with pytest.raises(UnusableError, match=r"spec\.triggers\[0\]\.schedule\.cron"):
        await Compiler().compile(wrong)
    with pytest.raises(UnusableError, match=r"spec\.triggers\[0\]\.schedule\.cron"):
        await Compiler().parse(wrong)


async def test_what_a_workflow_keeps_has_no_tasks() -> None:
    """They would be in memory twice."""
    parsed = await Compiler().parse(spec(5, suspend=True))
    assert ((), True) == (parsed.tasks, parsed.suspend)


async def test_the_tasks_of_a_workflow_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of tasks that takes long: for the definition, not again for the triggers."""
    parsed: list[int] = []
    real = compiler.parse_workflow

    def counting(manifest: Any) -> Any:
        parsed.append(len(manifest["spec"]["tasks"]))
        return real(manifest)

    monkeypatch.setattr(compiler, "parse_workflow", counting)
    definitions = Definitions(Accepting(), no_templates())  # type: ignore[arg-type] # all that is asked of it
    workflow = WorkflowObject(Meta("w", "default", "uid", generation=1), spec=Raw(LARGE))
    await definitions.freeze(workflow)
    await definitions.parse(workflow)
    assert [1000, 1] == parsed


class Accepting:
    """An API server that takes every revision."""

    async def create(self, *_: object, **__: object) -> None:
        """Take it."""


async def test_runs_that_ask_at_once_share_one_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow with many runs after a restart is compiled once."""
    compiled: list[int] = []
    real = compiler.compile_workflow

    def counting(parsed: Any) -> Definition:
        compiled.append(len(parsed.tasks))
        return real(parsed)

    monkeypatch.setattr(compiler, "compile_workflow", counting)
    definitions = Definitions(Accepting(), no_templates())  # type: ignore[arg-type] # all that is asked of it
    workflow = WorkflowObject(Meta("w", "default", "uid", generation=1), spec=Raw(LARGE))
    names = await asyncio.gather(*(definitions.freeze(workflow) for _ in range(5)))
    assert 1 == len(set(names))
    assert [1000] == compiled
