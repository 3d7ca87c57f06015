"""A workflow made ready to run, or all that is wrong with it: `definition` and `problems`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.task import Defaults, NamedTask, RunWhen, TaskBody, TaskTimeouts
from headrace.api.v1alpha1.volume import Volume, VolumeMount
from headrace.engine.definition.compile import compile_workflow, single_task
from headrace.engine.definition.problems import MOST, InvalidDefinitionError, problems
from headrace.engine.definition.work import FanOut
from support.builders import last, limits, param, retries, spec, task, workflow


def env(**values: str) -> tuple[EnvVar, ...]:
    """Return environment variables."""
    return tuple(EnvVar(name=name, value=value) for name, value in values.items())


def test_tasks_have_the_places_that_they_were_written_in() -> None:
    """Positions are kept in statuses, so they are the definition's, `finally` tasks last."""
    definition = workflow(task("b", "a"), task("a"), last("z"), last("y"))
    assert ("b", "a", "z", "y") == definition.names == tuple(definition.tasks)
    assert [0, 1, 2, 3] == [each.position for each in definition.tasks.values()]
    assert ("a", "b") == definition.graph.order
    assert [False, False, True, True] == [each.is_finally for each in definition.tasks.values()]


def test_a_task_keeps_what_it_says() -> None:
    """Rules, dependencies and whether it may fail."""
    rule = workflow(task("a"), task("b", "a", rule="OneFailed", allow_failure=True)).tasks["b"]
    assert (("a",), RunWhen.ONE_FAILED, True) == (rule.upstream, rule.run_when, rule.allow_failure)


def test_defaults_fill_in_what_a_task_does_not_say() -> None:
    """Each field as a whole; `env` by name, in the order of the defaults first."""
    defaults = Defaults(
        image="busybox",
        retry=retries(3),
        timeouts=limits(60),
        env=env(REGION="eu", LEVEL="info"),
        pod_labels={"team": "data"},
    )
    definition = workflow(
        task("plain"),
        task("own", image="python", retry=retries(0), env=env(LEVEL="debug", MORE="1")),
        task("none", timeouts=TaskTimeouts(), pod_labels={}),
        defaults=defaults,
    )
    plain, own, none = definition.tasks.values()
    assert ("busybox", 3, 60) == (
        *(plain.work.body.image, plain.retry.limit, plain.timeouts.pending_seconds),
    )
    assert ("python", 0) == (own.work.body.image, own.retry.limit)
    assert [("REGION", "eu"), ("LEVEL", "debug"), ("MORE", "1")] == [
        (each.name, each.value) for each in own.work.body.env
    ]
    assert (3600, {}) == (none.timeouts.pending_seconds, none.work.body.pod_labels)


def test_without_policies_a_task_has_those_of_the_reference() -> None:
    """No retry of its own, five of the infrastructure's, an hour to start."""
    (plain,) = workflow(task("a")).tasks.values()
    assert (0, 5) == (plain.retry.limit, plain.retry.infrastructure_limit)
    assert (3600, None) == (plain.timeouts.pending_seconds, plain.timeouts.total_seconds)


def test_a_task_on_its_own_is_a_workflow_of_one() -> None:
    """It waits for nothing, and takes the parameters that it brings."""
    body = TaskBody(image="busybox", resources=Resources(limits={"memory": "1Gi"}))
    definition = single_task("hello", body, (param("x"),))
    assert ("hello",) == definition.names == definition.graph.order
    assert body is definition.tasks["hello"].work.body
    assert "x" == definition.params[0].name


def mounting(name: str, path: str = "/data") -> dict[str, Any]:
    """Return the field that mounts a volume."""
    return {"volume_mounts": (VolumeMount(name=name, mount_path=path),)}


def volume(name: str) -> dict[str, Any]:
    """Return the field that defines a volume."""
    return {"volumes": (Volume(name=name, empty_dir={}),)}


@pytest.mark.parametrize(
    ("tasks", "more", "want"),
    [
        pytest.param(
            [task("a"), task("b", "aa")],
            {},
            "spec.tasks[1].dependsOn[0]: there is no task 'aa'; did you mean 'a'?",
            id="an unknown task",
        ),
        pytest.param(
            [task("a"), task("b", "zzz")],
            {},
            "spec.tasks[1].dependsOn[0]: there is no task 'zzz'; name a task of spec.tasks",
            id="an unknown task with no similar name",
        ),
        pytest.param(
            [task("a"), task("b", "a"), last("c"), task("d", "c")],
            {},
            "spec.tasks[2].dependsOn[0]: 'c' is a finally task, which comes after all others;"
            " name a task of spec.tasks",
            id="a finally task cannot be waited for",
        ),
        pytest.param(
            [task("a", "a")],
            {},
            "spec.tasks[0].dependsOn[0]: task 'a' waits for itself; remove it",
            id="a task that waits for itself",
        ),
        pytest.param(
            [task("a"), task("b", "a", "a")],
            {},
            "spec.tasks[1].dependsOn[1]: 'a' is listed twice; keep one",
            id="a dependency that is listed twice",
        ),
        pytest.param(
            [task("a", "c"), task("b", "a"), task("c", "b")],
            {},
            "spec.tasks: tasks wait for each other: a -> c -> b -> a; remove a dependency",
            id="tasks that wait for each other",
        ),
        pytest.param(
            [task("a"), task("a")],
            {},
            "spec.tasks[1].name: 'a' is the name of another task; choose a different one",
            id="a task name that is used twice",
        ),
        pytest.param(
            [task("a"), last("a")],
            {},
            "spec.finally[0].name: 'a' is the name of another task; choose a different one",
            id="a finally task of the same name",
        ),
        pytest.param(
            [task("a", rule="OneFailed")],
            {},
            "spec.tasks[0].runWhen: OneFailed can never be met without dependsOn;"
            " name the tasks to watch",
            id="a rule that can never be met",
        ),
        pytest.param(
            [task("a")],
            {"defaults": Defaults()},
            "spec.tasks[0].image: give an image here or in spec.defaults.image",
            id="no image",
        ),
        pytest.param(
            [task("a", image="x"), last("z")],
            {"defaults": Defaults()},
            "spec.finally[0].image: give an image here or in spec.defaults.image",
            id="no image for a finally task",
        ),
        pytest.param(
            [task("a")],
            {"params": (param("x"), param("x"))},
            "spec.params: 'x' is listed 2 times; keep one",
            id="a parameter that is listed twice",
        ),
        pytest.param(
            [task("a")],
            {"params": tuple(param(f"t{n}", default="x" * 30_000) for n in range(5))},
            "spec.params: all values together have 150,050 bytes as JSON; at most 122,880 reach",
            id="defaults too large for an environment variable",
        ),
        pytest.param(
            [task("a"), last("z", for_each={"items": ["a", "x" * 300_000]})],
            {},
            "spec.finally[0].forEach.items: the files of item 1 have 600,0",
            id="an item that is too large",
        ),
        pytest.param(
            [task("a", for_each={"range": {"count": 1000}})],
            {"params": (param("text", default="x" * 10_000),)},
            "spec.tasks[0].forEach.range: the files of 1,000 items have 10,0",
            id="too many items for the defaults that each is given",
        ),
        pytest.param(
            [task("a", **mounting("data"))],
            {},
            "spec.tasks[0].volumeMounts[0].name: there is no volume 'data'; add it to volumes",
            id="a volume that is not there",
        ),
        pytest.param(
            [task("a", **volume("headrace-tmp"))],
            {},
            "spec.tasks[0].volumes[0].name: names that start with headrace- are reserved for"
            " Headrace; choose another",
            id="a volume with a reserved name",
        ),
    ],
)
def test_problems(tasks: list[NamedTask], more: dict[str, Any], want: str) -> None:
    """Each names its field and the cure, and a definition with one cannot be run."""
    with pytest.raises(InvalidDefinitionError) as refused:
        compile_workflow(spec(*tasks, **more))
    assert str(refused.value).startswith(want)
    assert 1 == len(refused.value.problems)


def test_all_problems_are_told_at_once() -> None:
    """Nobody corrects one after the other."""
    wrong = spec(task("a", "b"), task("a", "c"), last("a"), task("d", rule="OneDone"))
    assert 5 == len(problems(wrong))


def test_a_mount_may_name_a_volume_of_the_defaults() -> None:
    """Volumes are defaults like any other field."""
    shared = Defaults(image="busybox", **volume("data"))
    assert () == problems(spec(task("a", **mounting("data")), defaults=shared))


def test_a_range_stays_as_short_as_it_was_written() -> None:
    """A small file with thousands of ranges would else fill the memory of the controller."""
    for_each = {"range": {"from": 1, "count": 10_000}}
    work = workflow(task("a", for_each=for_each)).tasks["a"].work
    assert isinstance(work, FanOut)
    assert (range(1, 10_001), 10_000) == (work.items, work.total)


@pytest.mark.timeout(120)  # without bounds it takes an hour
def test_thousands_of_problems_take_no_time() -> None:
    """Somebody's broken file holds nobody else up, and only the first problems are named."""
    wrong = spec(*(task(f"t{n}", *(f"u{n}-{m}" for m in range(20))) for n in range(3000)))
    assert MOST == len(problems(wrong))


@pytest.mark.timeout(120)  # what is quadratic takes longer
def test_a_workflow_of_the_largest_size_is_compiled() -> None:
    """Five thousand tasks in a chain: nothing recurses, nothing is quadratic."""
    names = [f"t{n}" for n in range(5000)]
    tasks = [task(name, *names[max(0, n - 1) : n]) for n, name in enumerate(names)]
    assert tuple(names) == workflow(*tasks).graph.order
